"""Whether a folder lies on a file system where SQLite's write-ahead log is safe; it is not where machines share one.

What the system says is read here and judged by plain functions of text. This module knows no database.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

__all__ = ["is_shared", "kind_by_mounts", "kind_of", "mounts_of_linux", "mounts_of_macos"]

SHARED = frozenset(
    "9p afpfs afs beegfs ceph cifs coda davfs drvfs fuse gfs2 glusterfs gpfs lustre ncpfs nfs nfs3 nfs4 ocfs2 orangefs "
    "panfs prl_fs smb2 smb3 smbfs vboxsf virtiofs vmhgfs webdav".split()
)
"""Kinds of file systems behind which there may be another machine."""

LOCAL = frozenset("fuse.cryfs fuse.encfs fuse.fuse-overlayfs fuse.gocryptfs fuse.mergerfs fuse.ntfs-3g".split())
"""Kinds that go through FUSE and stay on this machine; behind any other of that sort there may be a network."""

REMOTE_DRIVE = 4
"""What Windows calls a drive of another machine (``DRIVE_REMOTE``)."""


def is_shared(folder: Path) -> bool:
    """Whether another machine may have this folder as well; what cannot be found out counts as not."""
    kind = kind_of(folder, sys.platform)
    return kind in SHARED or (kind.startswith("fuse.") and kind not in LOCAL)


def kind_of(folder: Path, platform: str) -> str:
    """The kind of file system that a folder lies on; empty when the system does not say."""
    try:
        if platform == "win32":
            return _kind_on_windows(folder)
        if platform == "darwin":
            return kind_by_mounts(folder, mounts_of_macos(_printed_mounts()))
        return kind_by_mounts(folder, mounts_of_linux(Path("/proc/self/mounts").read_text(errors="replace")))
    except OSError:
        return ""


def kind_by_mounts(folder: Path, mounts: Iterable[tuple[str, str]]) -> str:
    """The kind of the innermost mount that holds a folder; of two on the same place the later one counts."""
    place, found, depth = folder.resolve(), "", -1
    for point, kind in mounts:
        parts = len(Path(point).parts)
        if parts >= depth and place.is_relative_to(point):
            found, depth = kind, parts
    return found


def mounts_of_linux(text: str) -> list[tuple[str, str]]:
    """The mount points and kinds in ``/proc/mounts``; blanks in names are written as octal numbers there."""
    rows = [line.split() for line in text.splitlines()]
    return [(row[1].replace("\\040", " ").replace("\\011", "\t"), row[2]) for row in rows if len(row) > 2]


def mounts_of_macos(text: str) -> list[tuple[str, str]]:
    """The mount points and kinds in what ``mount`` prints: ``//anna@host/share on /Volumes/share (smbfs, nodev)``."""
    found = []
    for line in text.splitlines():
        place, bracket, options = line.rpartition(" (")
        _, on, point = place.partition(" on ")
        if bracket and on:
            found.append((point, options.split(",")[0].rstrip(")")))
    return found


def _printed_mounts() -> str:
    import subprocess

    try:
        return subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""


def _kind_on_windows(folder: Path) -> str:
    import ctypes

    root = PureWindowsPath(folder).anchor
    if root.startswith("\\\\"):
        return "smbfs"
    drives = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    return "smbfs" if drives.GetDriveTypeW(root) == REMOTE_DRIVE else "local"
