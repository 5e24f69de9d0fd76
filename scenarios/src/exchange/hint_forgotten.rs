//! A login in progress does not remember whom the client asked for: a client that asks about one person gets the code of
//! another who logs in (OpenID Connect Core section 3.1.2.1, `id_token_hint`).
//!
//! Seen in real systems: the hint is looked at where a session may answer at once, and not after a login.

use crate::{planted::twist::with_flows, vocabulary::PlantedBug};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "hint_forgotten",
    title: "a login in progress forgets whom the client asked for",
    covers: &[],
    scenario: "edges",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| with_flows(wiring, |flow| flow.request.subject = None),
};
