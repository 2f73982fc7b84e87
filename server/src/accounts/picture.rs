//! Pictures of people: uploads, made small and harmless, and pictures drawn from a name.
//!
//! Only an upload's pixels are kept: it is decoded within bounds, turned as its metadata says, cut
//! to a square, and encoded again.

use std::io::Cursor;
use std::sync::Arc;

use chat_shared::limits::{AVATAR_SIDE_PIXELS, AVATAR_SIDE_PIXELS_MAX};
use data_encoding::HEXLOWER;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use ring::digest::{SHA256, digest};
use tokio::sync::Semaphore;

use chat_server_store::{Avatar, run_in_background};

/// Pictures that are decoded at a time: each may take [`DECODED_BYTES_MAX`].
pub const DECODED_AT_ONCE_MAX: usize = 1;

/// Pictures that may wait for that; more are turned away as busy.
const WAITING_MAX: usize = 32;

/// Bytes that decoding one picture may take, its pixels and what the decoder needs. A progressive
/// JPEG of 4,096² pixels takes most: 3 bytes of colours and 6 of coefficients for each.
pub const DECODED_BYTES_MAX: u64 = 144 << 20;

/// Bytes of a picture's pixels: 4,096² pixels of 4 bytes.
const PIXELS_BYTES_MAX: u64 = 64 << 20;

/// Cells of a drawn picture, in width and in height.
const CELLS: u32 = 5;

/// Why a picture won't do.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    #[error("The picture must be a PNG, a JPEG, a WebP or a GIF.")]
    Kind,
    #[error("The picture is too large: {AVATAR_SIDE_PIXELS_MAX} pixels in width and in height.")]
    TooLarge,
    #[error("The picture can't be read; it may be damaged.")]
    Damaged,
    #[error("too many pictures are being read")]
    Busy,
}

/// Makes pictures small, a bounded number at a time.
#[derive(Debug, Clone)]
pub(super) struct Pictures {
    decoding: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            decoding: Arc::new(Semaphore::new(DECODED_AT_ONCE_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

impl Pictures {
    /// An upload as it is kept and served.
    pub(super) async fn take(&self, upload: Vec<u8>) -> Result<Avatar, PictureError> {
        let _place = self.waiting.try_acquire().map_err(|_| PictureError::Busy)?;
        let permit = self.decoding.clone().acquire_owned().await;
        let permit = permit.map_err(|_| PictureError::Busy)?;
        let made = run_in_background(move || {
            // The work itself holds the permit, whoever still waits for it.
            let _permit = permit;
            make(&upload)
        });
        made.await.unwrap_or(Err(PictureError::Damaged))
    }
}

/// Makes the picture that is kept and served of an upload.
pub(crate) fn make(upload: &[u8]) -> Result<Avatar, PictureError> {
    let format = match image::guess_format(upload) {
        Ok(format) if is_known(format) => format,
        _ => return Err(PictureError::Kind),
    };
    let (width, height) = ImageReader::with_format(Cursor::new(upload), format)
        .into_dimensions()
        .map_err(|_| PictureError::Damaged)?;
    if width.min(height) == 0 {
        return Err(PictureError::Damaged);
    }
    if width.max(height) > AVATAR_SIDE_PIXELS_MAX {
        return Err(PictureError::TooLarge);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(AVATAR_SIDE_PIXELS_MAX);
    limits.max_image_height = Some(AVATAR_SIDE_PIXELS_MAX);
    limits.max_alloc = Some(DECODED_BYTES_MAX - PIXELS_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits);
    let damaged = |_| PictureError::Damaged;
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    if decoder.total_bytes() > PIXELS_BYTES_MAX {
        return Err(PictureError::TooLarge);
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let side = AVATAR_SIDE_PIXELS;
    let mut small = decoded.resize_to_fill(side, side, FilterType::Triangle);
    drop(decoded);
    // The middle square is the same whether it is turned before or afterwards.
    small.apply_orientation(orientation);
    let png = encode(&small.to_rgba8().into())?;
    // `~` begins no new username, so that a picture's name is not a person's.
    let name = format!("~{}", HEXLOWER.encode(digest(&SHA256, &png).as_ref()));
    Ok(Avatar { name, png })
}

fn is_known(format: ImageFormat) -> bool {
    matches!(
        format,
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Gif
    )
}

fn encode(image: &DynamicImage) -> Result<Vec<u8>, PictureError> {
    let mut png = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| PictureError::Damaged)?;
    Ok(png)
}

/// The picture of who gave none: a pattern of their name, the same on both sides, as a PNG.
///
/// # Errors
/// If the picture can't be encoded, which would be a bug.
pub fn draw(name: &str) -> Result<Vec<u8>, PictureError> {
    let hash = digest(&SHA256, name.to_lowercase().as_bytes());
    let bytes = hash.as_ref();
    let [ink, paper] = colours(bytes[31]);
    // A margin of half a cell around the pattern.
    let cell = AVATAR_SIDE_PIXELS / (CELLS + 1);
    let margin = (AVATAR_SIDE_PIXELS - cell * CELLS) / 2;
    let pattern = RgbImage::from_fn(AVATAR_SIDE_PIXELS, AVATAR_SIDE_PIXELS, |x, y| {
        let place = |at: u32| {
            at.checked_sub(margin)
                .map(|at| at / cell)
                .filter(|c| *c < CELLS)
        };
        match (place(x), place(y)) {
            (Some(column), Some(row)) => {
                let mirrored = column.min(CELLS - 1 - column);
                let index = (mirrored * CELLS + row) as usize;
                if bytes[index] % 2 == 0 { ink } else { paper }
            }
            _ => paper,
        }
    });
    encode(&pattern.into())
}

/// A strong colour and its pale twin, of one of twelve hues.
fn colours(byte: u8) -> [Rgb<u8>; 2] {
    const INKS: [[u8; 3]; 12] = [
        [178, 34, 52],
        [191, 87, 0],
        [138, 109, 0],
        [84, 120, 12],
        [18, 128, 60],
        [0, 124, 120],
        [0, 112, 160],
        [33, 84, 196],
        [88, 66, 200],
        [130, 48, 176],
        [170, 32, 132],
        [110, 80, 64],
    ];
    let ink = INKS[byte as usize % INKS.len()];
    let pale = ink.map(|part| part / 8 + 220);
    [Rgb(ink), Rgb(pale)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        let image = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 9]));
        DynamicImage::from(image)
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    fn side_of(png: &[u8]) -> (u32, u32) {
        let reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
        reader.into_dimensions().unwrap()
    }

    #[test]
    fn every_kind_becomes_a_small_png() {
        for format in [
            ImageFormat::Png,
            ImageFormat::Jpeg,
            ImageFormat::WebP,
            ImageFormat::Gif,
        ] {
            for (width, height) in [(1, 1), (300, 40), (40, 300)] {
                let avatar = make(&upload(width, height, format)).unwrap();
                assert_eq!(side_of(&avatar.png), (128, 128), "{format:?}");
                assert!(avatar.name.starts_with('~'));
            }
        }
    }

    #[test]
    fn hostile_pictures_are_refused() {
        let check = |upload: &[u8], expect: PictureError| {
            let error = make(upload).expect_err("it was taken");
            assert_eq!(error.to_string(), expect.to_string());
        };
        check(b"", PictureError::Kind);
        check(
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            PictureError::Kind,
        );
        check(b"BM\0\0\0\0", PictureError::Kind);
        let png = upload(64, 64, ImageFormat::Png);
        check(&png[..40], PictureError::Damaged);
        check(&upload(4_097, 1, ImageFormat::Png), PictureError::TooLarge);
        // GIF's header may say that there are no lines.
        let mut flat = upload(1, 1, ImageFormat::Gif);
        flat[8..10].copy_from_slice(&[0; 2]);
        check(&flat, PictureError::Damaged);
        // A header alone that claims more than there is.
        let mut bomb = upload(1, 1, ImageFormat::Gif);
        bomb[6..10].copy_from_slice(&[0xFF; 4]);
        check(&bomb, PictureError::TooLarge);
    }

    #[test]
    fn the_same_name_draws_the_same() {
        let drawn = draw("ann").unwrap();
        assert_eq!(side_of(&drawn), (128, 128));
        assert_eq!(drawn, draw("Ann").unwrap());
        assert_ne!(drawn, draw("bob").unwrap());
        draw("\0 ../\u{202e}").unwrap();
    }
}
