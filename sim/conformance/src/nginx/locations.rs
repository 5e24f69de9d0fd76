//! What is asked of both with two `upstream` blocks: `/page` and all below `/pages/` go to the servers `a` and `b`, everything
//! else to `c` and `d`. If neither `a` nor `b` answers, `c` and `d` get the request (`error_page 502 504 = @others`).

use super::{
    Behaviour::{Answers, AnswersWithHead, ClosesConnection, Hangs, Refuses},
    Request, Sequence,
    sequences::{HEALTHY, later, request},
};
use model_nginx::{Location, PathMatch};

/// The number of the `upstream` block with `a` and `b`; that of `c` and `d` is 0, which has all that has no location.
const FIRST: usize = 1;
const OTHERS: usize = 0;

/// The `location`s of nginx and of the model.
pub(super) fn locations() -> Vec<Location> {
    let paths = [PathMatch::Exact("/page".into()), PathMatch::Prefix("/pages/".into())];
    let location = |path| Location {
        path,
        upstream: FIRST,
        error_page: Some(OTHERS),
    };
    paths.map(location).into()
}

const fn with_others(request: Request, others: [super::Behaviour; 2]) -> Request {
    Request { others, ..request }
}

const fn of(path: &'static str, request: Request) -> Request {
    Request { path, ..request }
}

const SOUND: Request = request("GET", HEALTHY, HEALTHY);
const OTHER: Request = of("/other", SOUND);
const GONE: Request = request("GET", Refuses, Refuses);
const POST_GONE: Request = request("POST", Refuses, Refuses);

/// Behaviours of nginx with locations that were measured.
pub(super) fn located() -> Vec<Sequence> {
    let row = |name: &str, requests: &[Request]| Sequence {
        name: name.to_owned(),
        non_idempotent: false,
        keepalive: false,
        has_locations: true,
        requests: requests.to_vec(),
    };
    let mut rows = vec![
        row(
            "each upstream block has turns of its own; a path without the slash of its prefix is redirected",
            &[
                SOUND,
                OTHER,
                SOUND,
                of("/pages/a", SOUND),
                OTHER,
                of("/pages", SOUND),
                of("/pages", POST_GONE),
            ],
        ),
        row(
            "nobody answers: both are asked once, and the error page gets the request as it is; then only the error page",
            &[
                POST_GONE,
                POST_GONE,
                GONE,
                request("DELETE", Refuses, Refuses),
                request("HEAD", Refuses, Refuses),
            ],
        ),
        row(
            "what fails in one upstream block counts in that one only",
            &[GONE, of("/other", GONE), of("/other", POST_GONE), GONE],
        ),
        row(
            "whatever the error page answers is the client's",
            &[
                with_others(GONE, [Answers(503); 2]),
                with_others(POST_GONE, [Answers(500), Answers(200)]),
                with_others(GONE, [Answers(200), Answers(404)]),
            ],
        ),
        row(
            "answers of the servers themselves ask for no error page",
            &[
                request("GET", Answers(502), Answers(502)),
                request("POST", Answers(504), Answers(503)),
                SOUND,
            ],
        ),
        row(
            "a POST that may have been done goes to the error page, once more",
            &[
                request("POST", ClosesConnection, HEALTHY),
                request("POST", HEALTHY, Hangs),
                SOUND,
            ],
        ),
        row(
            "so does what had too large an answer",
            &[request("GET", AnswersWithHead(9000), HEALTHY), SOUND],
        ),
        row(
            "there is no error page of the error page",
            &[
                with_others(GONE, [Refuses; 2]),
                with_others(POST_GONE, [Refuses; 2]),
                with_others(of("/other", GONE), [Refuses; 2]),
            ],
        ),
        row(
            "the error page hangs or closes the connection",
            &[
                with_others(POST_GONE, [Hangs, HEALTHY]),
                with_others(GONE, [HEALTHY, ClosesConnection]),
            ],
        ),
        row(
            "the servers are back after fail_timeout, and until then the error page answers",
            &[GONE, SOUND, SOUND, later(12, "GET", HEALTHY, HEALTHY), SOUND, OTHER],
        ),
    ];
    rows.push(Sequence {
        keepalive: true,
        ..row(
            "idle connections of both upstream blocks: those that close on reuse lead to the error page",
            &[
                SOUND,
                SOUND,
                OTHER,
                OTHER,
                request("POST", ClosesConnection, HEALTHY),
                SOUND,
                request("GET", ClosesConnection, ClosesConnection),
                SOUND,
                OTHER,
            ],
        )
    });
    rows
}
