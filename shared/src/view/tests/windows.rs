//! The shown entries: pages that extend the live end, and windows of the past.

use super::*;

/// A page with messages at `seqs` that has others on both sides.
fn middle(as_of: Seq, seqs: &[Seq]) -> HistoryPage {
    let messages: Vec<_> = seqs.iter().map(|seq| (*seq, *seq, "x")).collect();
    HistoryPage {
        more_before: true,
        more_after: true,
        ..page(as_of, &messages)
    }
}

fn newest(as_of: Seq, seqs: &[Seq]) -> HistoryPage {
    HistoryPage {
        more_after: false,
        ..middle(as_of, seqs)
    }
}

fn seqs(stretch: &Stretch) -> Vec<Seq> {
    stretch.iter().map(|(seq, _)| seq).collect()
}

#[test]
fn older_pages_extend_the_live_end_until_the_first_message() {
    let mut view = view(50);
    assert_eq!(view.older_page(), Some(PageKind::Newest));
    view.take_page(PageKind::Newest, &newest(50, &[40, 45]))
        .unwrap();
    assert_eq!(view.older_page(), Some(PageKind::Before(40)));
    view.take_page(PageKind::Before(40), &middle(50, &[30, 39]))
        .unwrap();
    assert_eq!((view.held_above(), view.newer_page()), (29, None));
    let first = HistoryPage {
        more_before: false,
        ..middle(50, &[3])
    };
    view.take_page(PageKind::Before(30), &first).unwrap();
    assert_eq!((view.older_page(), view.held_above()), (None, 0));
    assert_eq!(seqs(view.shown()), [3, 30, 39, 40, 45]);
}

#[test]
fn a_jump_opens_a_window_that_joins_the_live_end_where_it_meets_it() {
    let mut view = view(50);
    view.take_page(PageKind::Newest, &newest(50, &[40, 45]))
        .unwrap();
    view.take_page(PageKind::Around(15), &middle(50, &[10, 15, 20]))
        .unwrap();
    assert_eq!(seqs(view.shown()), [10, 15, 20]);
    assert_eq!(seqs(view.live()), [40, 45]);
    view.apply(&chat(51, "bob", "live"));
    view.apply(&edited(52, 15, "edited"));
    assert_eq!(seqs(view.live()), [40, 45, 51]);
    assert_eq!(view.message(15).unwrap().message, "edited");
    assert_eq!(view.newer_page(), Some(PageKind::After(20)));
    view.take_page(PageKind::After(20), &middle(52, &[30, 40]))
        .unwrap();
    assert!(view.is_at_live_end());
    assert_eq!(seqs(view.shown()), [10, 15, 20, 30, 40, 45, 51]);
    assert_eq!(view.older_page(), Some(PageKind::Before(10)));
}

#[test]
fn a_page_that_would_leave_a_gap_is_refused() {
    let mut view = view(50);
    view.take_page(PageKind::Newest, &newest(50, &[40, 45]))
        .unwrap();
    let detached = view.take_page(PageKind::Before(20), &middle(50, &[10, 15]));
    assert_eq!(detached, Err(PageError::Detached));
    assert_eq!(seqs(view.shown()), [40, 45]);
}

#[test]
fn a_reader_who_follows_holds_the_newest_entries() {
    let mut view = view(0);
    for seq in 1..=SHOWN_ENTRIES_MAX as Seq + 5 {
        view.apply(&chat(seq, "bob", "x"));
    }
    assert_eq!(view.shown().len(), SHOWN_ENTRIES_MAX);
    assert_eq!((view.is_at_live_end(), view.held_above()), (true, 5));
    assert_eq!(unread(&view).0, SHOWN_ENTRIES_MAX as u64 + 5);
    view.hide();
    assert_eq!(view.shown().len(), HIDDEN_ENTRIES_MAX);
}

#[test]
fn nothing_is_dropped_under_a_reader_who_scrolled_up() {
    let mut view = view(0);
    view.follow(false);
    for seq in 1..=SHOWN_ENTRIES_MAX as Seq + 5 {
        view.apply(&chat(seq, "bob", "x"));
    }
    assert!(!view.is_at_live_end());
    assert_eq!(view.shown().len(), SHOWN_ENTRIES_MAX);
    assert_eq!(view.shown().after(), 0);
    assert_eq!(view.live().len(), HIDDEN_ENTRIES_MAX);
    view.show_live_end();
    assert_eq!(view.live().up_to(), SHOWN_ENTRIES_MAX as Seq + 5);
}

#[test]
fn an_older_page_above_the_bound_makes_a_window() {
    let tip = SHOWN_ENTRIES_MAX as Seq;
    let mut view = view(100);
    for seq in 101..=100 + tip {
        view.apply(&chat(seq, "bob", "x"));
    }
    view.take_page(PageKind::Before(101), &middle(tip, &[50, 60]))
        .unwrap();
    assert!(!view.is_at_live_end());
    assert_eq!(seqs(view.shown())[..3], [50, 60, 101]);
    assert_eq!(view.shown().len(), SHOWN_ENTRIES_MAX);
    assert_eq!(view.live().len(), HIDDEN_ENTRIES_MAX);
    let after = view.shown().up_to();
    assert_eq!(view.newer_page(), Some(PageKind::After(after)));
    view.take_page(
        PageKind::After(after),
        &newest(100 + tip, &[99 + tip, 100 + tip]),
    )
    .unwrap();
    assert!(view.is_at_live_end());
    assert_eq!(view.shown().up_to(), 100 + tip);
}

#[test]
fn a_quoted_message_follows_its_changes() {
    let mut view = view(50);
    let mut reply = said(51, "bob", "yes");
    reply.reply_to = Some(7);
    view.apply(&ServerFrame::Chat(reply.clone()));
    assert_eq!(view.quote(&reply), Some(Quote::Unknown));
    view.take_quoted(&middle(51, &[7])).unwrap();
    assert!(matches!(view.quote(&reply), Some(Quote::Message(chat)) if chat.message == "x"));
    view.apply(&deleted(52, 7));
    assert_eq!(view.quote(&reply), Some(Quote::Deleted(&name("bob"))));
    assert_eq!(shown(&view), ["51 yes"]);
}
