//! A session from before answers for a public client on loopback without a question: any program on somebody's computer can
//! listen there and call itself that client (RFC 8252 section 8.6).
//!
//! Seen in real systems: the question is a page on the way, and who goes past it is not asked.

use crate::{planted::twist::with_flows, vocabulary::PlantedBug};

pub(crate) const PLANTED: PlantedBug = PlantedBug {
    name: "consent_for_granted",
    title: "who goes past the question whether to go on is not asked",
    covers: &[],
    scenario: "rule_breakers",
    detected_by: "AnswersAllowed",
    bug: |_, _, wiring| with_flows(wiring, |flow| flow.request.needs_consent = false),
};
