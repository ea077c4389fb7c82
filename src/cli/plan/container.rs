//! What the container gets of the machine.

use std::io::{self, Write};

use crate::plan::ContainerPlan;
use crate::resources::{Extras, Machine};
use crate::terminal::{Out, Style};

/// Writes what is asked for, for people; what is left to the engine is left out.
pub(super) fn write(out: &mut Out<impl Write>, container: &ContainerPlan) -> io::Result<()> {
    let bold = Style::BOLD;
    let extras = &container.extras;
    let limits = container.limits;
    let mut lines = Vec::new();
    if let Some(compute_type) = container.compute.compute_type {
        let kind = container.kind.api_name();
        lines.push(("compute", format!("{} ({kind})", compute_type.name())));
    }
    lines.extend(limits.cpus.map(|cpus| ("cpus", cpus.to_string())));
    lines.extend(limits.memory.map(|memory| ("memory", memory.to_string())));
    let pids = limits.pids.map(|pids| pids.to_string());
    lines.push(("pids", pids.unwrap_or_else(|| "unlimited".to_owned())));
    let network = extras.network.iter().cloned();
    lines.extend(network.map(|network| ("network", network)));
    lines.extend(extras.hosts.iter().map(|host| ("host", host.to_string())));
    lines.extend(
        extras
            .dns
            .iter()
            .map(|address| ("dns", address.to_string())),
    );
    lines.extend(devices(extras).map(|device| ("device", device)));
    lines.extend(extras.gpus.iter().map(|gpus| ("gpus", gpus.to_string())));
    lines.extend(extras.shm_size.map(|size| ("shm", size.to_string())));
    lines.extend(extras.ulimits.iter().map(|it| ("ulimit", it.to_string())));
    for volume in &extras.volumes {
        let note = if volume.read_only { " (read-only)" } else { "" };
        let host = volume.host.display();
        lines.push(("volume", format!("{host} -> {}{note}", volume.target)));
    }
    if let Some(certificate) = &container.certificate {
        lines.push(("trusts", certificate.location.clone()));
    }
    if container.start_dockerd {
        lines.push(("dockerd", "started before INSTALL".to_owned()));
    }
    for (label, value) in lines {
        writeln!(out, "{bold}{label:<11}{bold:#}{value}")?;
    }
    // No machine is asked here: what is noted holds for all of them.
    for note in container.limits_within(Machine::default()).1 {
        writeln!(out, "{bold}note{bold:#}: {note}")?;
    }
    Ok(())
}

fn devices(extras: &Extras) -> impl Iterator<Item = String> {
    extras.devices.iter().map(|device| {
        format!(
            "{}:{}:{}",
            device.host, device.container, device.permissions
        )
    })
}
