//! Single behaviours, each with the steps that show it: the model and the installed server are taken through the same steps,
//! and everything that comes back must be the same.

mod config;
mod connections;
mod replication;
mod scripts;
mod steps;
mod transactions;

use super::{
    real::{RealServer, RedisProcess},
    server::ModelServer,
};
use crate::{Agreement, Unavailable};
use model_redis::RedisConfig;
use seams_os::clock::wall_ms;

/// One behaviour.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The behaviour, in one sentence.
    pub claim: &'static str,
    /// One step a line; the module `steps` has the notation.
    pub steps: &'static str,
}

/// All of them.
pub fn all() -> Vec<Case> {
    [
        connections::CASES,
        transactions::CASES,
        replication::CASES,
        scripts::CASES,
        config::CASES,
    ]
    .concat()
}

/// Takes both through one case, each from an empty server.
///
/// # Errors
/// There is no real server.
pub fn compare(case: &Case) -> Result<Agreement, Unavailable> {
    let process = RedisProcess::start(&["--repl-diskless-sync", "no"])?;
    let mut real = RealServer::new(process.port()).map_err(|why| Unavailable::broken("redis-server", why))?;
    let mut model = ModelServer::new(RedisConfig::default(), wall_ms());
    let theirs = steps::run(&mut real, case.steps);
    let ours = steps::run(&mut model, case.steps);
    Ok(agreement(case, &ours, &theirs))
}

fn agreement(case: &Case, ours: &[(String, String)], theirs: &[(String, String)]) -> Agreement {
    let differs = ours.iter().zip(theirs).position(|(ours, theirs)| ours != theirs);
    let difference = differs.map(|at| {
        let before = ours[..at].iter().map(|(step, _)| format!("    {step}\n"));
        format!(
            "{}\n{}    {}\n  redis-server: {}\n  the model:    {}",
            case.claim,
            before.collect::<String>(),
            ours[at].0,
            theirs[at].1,
            ours[at].1
        )
    });
    Agreement {
        compared: differs.map_or(ours.len(), |at| at + 1) as u64,
        differences: difference.into_iter().collect(),
        ..Agreement::default()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Server, *};

    /// A server that answers every request with its own bytes.
    struct Echo(Vec<Vec<u8>>);

    impl Server for Echo {
        fn connect(&mut self) -> usize {
            self.0.push(Vec::new());
            self.0.len() - 1
        }

        fn send(&mut self, connection: usize, bytes: &[u8]) {
            self.0[connection].extend_from_slice(bytes);
        }

        fn receive(&mut self, connection: usize) -> super::super::Received {
            super::super::Received {
                bytes: std::mem::take(&mut self.0[connection]),
                closed: false,
            }
        }

        fn wait(&mut self, _: u64) {}
    }

    #[test]
    fn the_first_step_that_differs_is_shown() {
        let case = Case {
            claim: "it echoes",
            steps: "1| +a\\r\\n\n1| +b\\r\\n",
        };
        let ours = steps::run(&mut Echo(Vec::new()), case.steps);
        let mut theirs = ours.clone();
        assert_eq!(agreement(&case, &ours, &theirs).differences, Vec::<String>::new());
        theirs[1].1 = "something else".to_owned();
        let different = agreement(&case, &ours, &theirs);
        assert_eq!(different.compared, 2);
        let text = &different.differences[0];
        assert!(
            text.starts_with("it echoes\n    1| +a") && text.ends_with("the model:    1: +b\\r\\n"),
            "{text}"
        );
    }

    /// Each case in the model alone, so that a mistake in the notation is found without a real server.
    #[test]
    fn every_case_can_be_run() {
        for case in all() {
            let mut model = ModelServer::new(RedisConfig::default(), 1_790_000_000_000);
            let answers = steps::run(&mut model, case.steps);
            assert!(answers.iter().any(|(_, answer)| !answer.is_empty()), "{}", case.claim);
        }
    }
}
