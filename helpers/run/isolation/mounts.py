"""Walls around one run, where Linux allows them: it can write to its own folders and nowhere else.

In a mount namespace of its own the whole file system is made read-only, the temporary folders are fresh and empty,
and of the runs' folders only the run's own copy, HOME and TMPDIR are there. So neither side of a comparison can see
or touch the other, no program reaches the person's files or the journal, and nothing can be kept from one measurement
to the next outside of the copy (which the comparison scans). Shared memory and queues of System V are its own, too.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from helpers.run.isolation import namespaces, probe
from helpers.run.isolation.namespaces import BIND, NODEV, NOSUID, SCRATCH, mount, read_only


def read_only_mounts(
    own: Sequence[Path],
    hidden: Sequence[Path],
    keep: Sequence[Path] = (),
    fixed: Sequence[Path] = (),
    *,
    secrets: Sequence[Path] = (),
    layers: Sequence[Path] = (),
    layer_folder: Path | None = None,
    building: bool = False,
    network: bool = True,
) -> Callable[[], None] | None:
    """Return what a fresh child calls to stand behind walls, None where the system does not allow them.

    The folders `own` stay writable, `hidden` and the temporary folders become empty but for them; `keep` stays visible,
    read-only; `fixed` files inside `own` can be neither written nor replaced, `secrets` are empty. What is written to
    `layers` when `building` lies in `layer_folder` in truth, and later runs read it there.
    """
    if not probe.available():
        return None
    parts = probe.parts_that_hold()
    scratch = [place for place in SCRATCH if os.path.isdir(place)]  # noqa: PTH112
    covers = sorted({*scratch, *(os.path.realpath(place) for place in hidden if os.path.isdir(place))})  # noqa: PTH112
    inside = tuple(place + "/" for place in covers)
    writable = [str(path) for path in own if os.path.isdir(path)]  # noqa: PTH112
    over = _prepare(layers, layer_folder, building) if layer_folder else []
    if over and layer_folder:
        writable += [str(layer_folder)] if building else []
        keep = [*keep, layer_folder]
    mine = tuple(place + "/" for place in writable)
    named = {str(path) for path in keep} | {os.path.realpath(path) for path in keep if os.path.islink(path)}  # noqa: PTH114
    shown = {path for path in named if path.startswith(inside) and not f"{path}/".startswith(mine)}
    present = sorted(path for path in shown if os.path.exists(path) and path not in covers)  # noqa: PTH110
    locked = [str(path) for path in fixed]
    empty = [str(path) for path in secrets]

    def build() -> None:
        namespaces.enter()
        if not network and parts["network"]:
            namespaces.own_network()
        _hide(writable, covers, present, devices=parts["devices"])
        for place, changes, work in over:
            try:
                namespaces.layer(place, changes, work, building=building)
            except OSError:  # noqa: PERF203 - no overlayfs here, or not between these: an empty folder of its own
                mount(changes, place, None, BIND)
        for file in locked:
            if os.path.isfile(file) and not os.path.islink(file):  # noqa: PTH113, PTH114
                mount(file, file, None, BIND)
                read_only(file)
        for file in empty:
            if os.path.isfile(file):  # noqa: PTH113
                mount("/dev/null", os.path.realpath(file), None, BIND)

    return build


def _prepare(layers: Sequence[Path], folder: Path, building: bool) -> list[tuple[str, str, str]]:
    """Return for each cache where its layer lies and a folder that overlayfs works in; made by the build."""
    found = []
    for number, place in enumerate(sorted({os.path.realpath(cache) for cache in layers if cache.is_dir()})):
        upper, work = folder / f"{number}", folder / f"{number}.work"
        if building:
            upper.mkdir(parents=True, exist_ok=True)
            work.mkdir(exist_ok=True)
        if building or (upper.is_dir() and any(upper.iterdir())):
            found.append((place, str(upper), str(work)))
    return found


def _hide(own: Sequence[str], hidden: Sequence[str], shown: Sequence[str], *, devices: bool) -> None:
    """Cover `hidden` with empty folders and bring `own` and `shown` back to where they were.

    What lies deeper comes later, so that a private folder inside of a shown one is covered, and the other way round.
    """
    clones = {path: namespaces.clone(path) for path in dict.fromkeys((*shown, *own))}
    read_only("/")
    if devices:
        namespaces.few_devices()
    covered = []
    for path in sorted({*hidden, *clones}, key=lambda place: place.count("/")):
        if path not in clones:
            if os.path.isdir(path):  # noqa: PTH112 - this runs before each measurement
                mount("tmpfs", path, "tmpfs", NOSUID | NODEV, "mode=1777,size=75%")
                covered.append(path)
            continue
        if os.path.islink(path):  # noqa: PTH114 - inside of what is shown; where it leads to is shown as well
            os.close(clones[path].descriptor)
            continue
        clones[path].attach()
        if path not in own:
            read_only(path)
    for path in covered:
        if path not in SCRATCH:
            read_only(path, recursive=0)
    os.chdir(os.getcwd())  # noqa: PTH109 - the working folder is the one behind the new mounts
