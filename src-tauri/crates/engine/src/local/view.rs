//! Local servers as the command line and the window see them.

use super::{Model, Server, Watch};
use crate::api::{LocalJobs, LocalModel, LocalQueue, LocalServer, LocalWaiting};
use weir_core::route::Route;
use weir_proxy::workers::Standing;

/// A server. `off` are the models that are switched off.
pub fn server(server: &Server, off: &[Route]) -> LocalServer {
    let off = |model: &Model| {
        off.iter().any(|off| off.provider == server.provider && off.model == model.name)
    };
    LocalServer {
        server: server.provider.clone(),
        url: server.base_url.clone(),
        state: server.state.as_str().to_owned(),
        models: server.reading.models.iter().map(|m| model(m, off(m))).collect(),
        kind: server.kind.map(|kind| kind.as_str().to_owned()),
        version: server.reading.version.clone(),
        reason: server.reason.clone(),
        written: server.written,
        can_start: server.startable,
        queue: None,
    }
}

fn model(model: &Model, off: bool) -> LocalModel {
    LocalModel {
        name: model.name.clone(),
        loaded: model.loaded == Some(true),
        context: model.context,
        cloud: model.cloud,
        off,
        context_max: model.context_max,
        size_bytes: model.size_bytes,
        capabilities: model.capabilities.clone(),
    }
}

impl From<Standing> for LocalQueue {
    fn from(line: Standing) -> Self {
        let ms = |age: std::time::Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let running =
            line.running.into_iter().map(|(model, jobs)| LocalJobs { model, jobs: jobs as u64 });
        let waiting = line.waiting.into_iter().zip(1..).map(|((id, model, age), position)| {
            LocalWaiting { id, model, position, waited_ms: ms(age) }
        });
        Self { running: running.collect(), waiting: waiting.collect() }
    }
}

impl Watch {
    /// The servers as they are shown, as last seen.
    pub fn shown(&self) -> Vec<LocalServer> {
        let off = self.models_off().all();
        self.servers().iter().map(|s| server(s, &off)).collect()
    }
}
