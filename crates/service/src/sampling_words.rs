//! Rules of sampling, in the words of their crate and of the API.

use api::{CriticalFlow, Sampling};
use sampling::Rules;

pub(crate) fn in_words(rules: &Rules) -> Sampling {
    let Rules { is_on, environments, high_volume_ratio, high_volume_over, low_volume_under, critical_flows } =
        rules.clone();
    let flows = critical_flows.into_iter();
    Sampling {
        is_on,
        environments: environments.into_iter().collect(),
        high_volume_ratio,
        high_volume_over,
        low_volume_under,
        critical_flows: flows.map(|flow| CriticalFlow { service: flow.service, operation: flow.operation }).collect(),
    }
}

pub(crate) fn of_api(sampling: Sampling) -> Rules {
    let Sampling { is_on, environments, high_volume_ratio, high_volume_over, low_volume_under, critical_flows } =
        sampling;
    let flows = critical_flows.into_iter();
    Rules {
        is_on,
        environments: environments.into_iter().collect(),
        high_volume_ratio,
        high_volume_over,
        low_volume_under,
        critical_flows: flows
            .map(|flow| sampling::CriticalFlow { service: flow.service, operation: flow.operation })
            .collect(),
    }
}
