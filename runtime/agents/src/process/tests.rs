#![allow(clippy::unwrap_used, reason = "tests")]

use super::capture::{Keep, Kept, TooMuch};

fn kept(keep: Keep, parts: &[&str]) -> Result<(String, u64, String), TooMuch> {
    let mut kept = Kept::default();
    for part in parts {
        kept.add(keep, part.as_bytes())?;
    }
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ok((text(kept.first), kept.left_out, text(kept.last)))
}

#[test]
fn what_is_kept_does_not_depend_on_how_it_arrives() {
    let text = "0123456789";
    let letters: Vec<&str> = text.split("").filter(|letter| !letter.is_empty()).collect();
    for parts in [&[text][..], &["012345", "6789"], &["0", "123456789"], &letters] {
        for (keep, expected) in [
            (Keep::All(10), Ok((text, 0, ""))),
            (Keep::All(9), Err(TooMuch)),
            (Keep::End(10), Ok(("", 0, text))),
            (Keep::End(3), Ok(("", 7, "789"))),
            (Keep::End(0), Ok(("", 10, ""))),
            (Keep::Both(4), Ok(("01", 6, "89"))),
            (Keep::Both(5), Ok(("012", 5, "89"))),
            (Keep::Both(10), Ok(("01234", 0, "56789"))),
            (Keep::Both(100), Ok((text, 0, ""))),
            (Keep::Both(0), Ok(("", 10, ""))),
        ] {
            let expected =
                expected.map(|(first, out, last)| (first.to_owned(), out, last.to_owned()));
            assert_eq!(kept(keep, parts), expected, "{keep:?} of {parts:?}");
        }
    }
}

#[tokio::test]
async fn reading_ends_where_too_much_begins() {
    let endless = tokio::io::repeat(b'x');
    assert_eq!(Keep::All(1 << 20).read(Some(endless)).await, Err(TooMuch));
    let kept = Keep::Both(4).read(Some(&b"0123456789"[..])).await.unwrap();
    assert_eq!((kept.first, kept.left_out, kept.last), (b"01".to_vec(), 6, b"89".to_vec()));
    assert_eq!(Keep::All(1).read(None::<&[u8]>).await, Ok(Kept::default()));
}
