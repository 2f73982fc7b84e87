//! Which characters are letters of words, brackets and punctuation, as far as formatting asks.

/// Whether a character belongs to a script that is written without spaces between words: Thai, Lao,
/// Myanmar, Khmer, kana, and Han (ranges of Unicode blocks). Beside such a character a word may
/// begin or end.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0xff66..=0xff9f
        | 0x2_0000..=0x3_ffff)
}

/// Whether a character can't come directly before the start or behind the end of a word.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

/// Punctuation that may come before a word: opening brackets and quotes, dashes.
pub(super) fn is_opening(c: char) -> bool {
    matches!(
        c,
        '(' | '['
            | '{'
            | '<'
            | '"'
            | '\''
            | '“'
            | '”'
            | '‘'
            | '„'
            | '‚'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '¿'
            | '¡'
            | '–'
            | '—'
            | '（'
            | '「'
            | '『'
            | '《'
            | '，'
            | '。'
            | '：'
            | '、'
    )
}

/// Punctuation that may follow a word: closing brackets and quotes, the ends of sentences, dashes.
pub(super) fn is_closing(c: char) -> bool {
    matches!(
        c,
        ')' | ']'
            | '}'
            | '>'
            | '"'
            | '\''
            | '”'
            | '“'
            | '’'
            | '‘'
            | '»'
            | '«'
            | '›'
            | '‹'
            | '.'
            | ','
            | '!'
            | '?'
            | '…'
            | ':'
            | ';'
            | '-'
            | '–'
            | '—'
            | '）'
            | '」'
            | '』'
            | '》'
            | '，'
            | '。'
            | '！'
            | '？'
            | '：'
            | '；'
            | '、'
    )
}

/// Whether a URL ends before this character wherever it is: white space, controls, angle brackets,
/// quotes, backticks, and CJK and full-width punctuation.
pub(super) fn ends_url(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '<' | '>'
                | '"'
                | '`'
                | '“'
                | '”'
                | '„'
                | '‟'
                | '‘'
                | '’'
                | '‚'
                | '«'
                | '»'
                | '‹'
                | '›'
        )
        || matches!(u32::from(c), 0x3000..=0x303f | 0xff00..=0xff0f | 0xff1a..=0xff20
            | 0xff3b..=0xff40 | 0xff5b..=0xff65)
}
