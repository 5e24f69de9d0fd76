//! LCS: the longest common subsequence of two strings; if there are several, the one that t_string.c finds.

use super::keyspace::{Answer, Context, SYNTAX, integer};
use super::node::Node;
use super::resp::{Args, Reply};
use bytes::Bytes;

/// A common part of both strings: where it begins in each, and its length.
struct Match {
    a: usize,
    b: usize,
    length: usize,
}

pub(super) fn lcs(node: &mut Node, args: &Args, ctx: Context) -> Answer {
    let not_strings = |_| "ERR The specified keys must contain string values";
    let mut string = |key| {
        node.string(key, ctx)
            .map_err(not_strings)
            .map(|text| text.cloned().unwrap_or_default())
    };
    let (a, b): (Bytes, Bytes) = (string(&args[1])?, string(&args[2])?);
    let (mut only_length, mut indexes, mut with_lengths, mut least) = (false, false, false, 0);
    let mut rest = args[3..].iter();
    while let Some(option) = rest.next() {
        match option.to_ascii_uppercase().as_slice() {
            b"LEN" => only_length = true,
            b"IDX" => indexes = true,
            b"WITHMATCHLEN" => with_lengths = true,
            b"MINMATCHLEN" => least = integer(rest.next().ok_or(SYNTAX)?)?.max(0) as usize,
            _ => return Err(SYNTAX.into()),
        }
    }
    if only_length && indexes {
        return Err("ERR If you want both the length and indexes, please just use IDX.".into());
    }
    let (common, matches) = common_subsequence(&a, &b);
    if !indexes {
        return Ok(if only_length {
            Reply::Int(common.len() as i64)
        } else {
            Reply::Bulk(common.into())
        });
    }
    let shown = |found: &Match| {
        let ends = |from: usize| {
            let (first, last) = (from as i64, (from + found.length - 1) as i64);
            Reply::Array(vec![Reply::Int(first), Reply::Int(last)])
        };
        let length = with_lengths.then_some(Reply::Int(found.length as i64));
        Reply::Array([ends(found.a), ends(found.b)].into_iter().chain(length).collect())
    };
    let matches = matches.iter().filter(|found| found.length >= least).map(shown);
    Ok(Reply::Map(vec![
        (Reply::bulk("matches"), Reply::Array(matches.collect())),
        (Reply::bulk("len"), Reply::Int(common.len() as i64)),
    ]))
}

/// The subsequence, and its parts from the last to the first.
fn common_subsequence(a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<Match>) {
    let width = b.len() + 1;
    let mut lengths = vec![0_u32; (a.len() + 1) * width];
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            lengths[i * width + j] = if a[i - 1] == b[j - 1] {
                lengths[(i - 1) * width + j - 1] + 1
            } else {
                lengths[(i - 1) * width + j].max(lengths[i * width + j - 1])
            };
        }
    }
    let (mut i, mut j) = (a.len(), b.len());
    let (mut common, mut matches, mut open) = (vec![], vec![], false);
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
            common.push(a[i]);
            if !open {
                matches.push(Match { a: i, b: j, length: 0 });
                open = true;
            }
            let current: &mut Match = matches.last_mut().expect("one is open");
            (current.a, current.b, current.length) = (i, j, current.length + 1);
        } else {
            open = false;
            if lengths[(i - 1) * width + j] > lengths[i * width + j - 1] {
                i -= 1;
            } else {
                j -= 1;
            }
        }
    }
    common.reverse();
    (common, matches)
}
