"""Where the write-ahead log is safe, by what each system says of its file systems."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from aether_nb.store import filesystem
from aether_nb.store.filesystem import is_shared, kind_by_mounts, kind_of, mounts_of_linux, mounts_of_macos

LINUX = r"""
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
home:/export /home nfs4 rw,vers=4.2 0 0
/dev/vdb /home/anna/local xfs rw 0 0
anna@host:/ /home/anna/far fuse.sshfs rw 0 0
//nas/share /mnt/my\040files cifs rw 0 0
/dev/vdc /twice ext4 rw 0 0
tmpfs /twice tmpfs rw 0 0
broken line
"""

MACOS = """
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled)
//anna@nas/share on /Volumes/my share (smbfs, nodev, nosuid, mounted by anna)
home:/export on /net/home (nfs)
nonsense
"""


@pytest.mark.parametrize(
    ("mounts", "folder", "kind"),
    [
        (mounts_of_linux(LINUX), "/work", "ext4"),
        (mounts_of_linux(LINUX), "/home", "nfs4"),
        (mounts_of_linux(LINUX), "/home/anna/nb", "nfs4"),
        (mounts_of_linux(LINUX), "/home/anna/local/nb", "xfs"),
        (mounts_of_linux(LINUX), "/home/anna/far/nb", "fuse.sshfs"),
        (mounts_of_linux(LINUX), "/mnt/my files/x", "cifs"),
        (mounts_of_linux(LINUX), "/homely", "ext4"),
        (mounts_of_linux(LINUX), "/twice", "tmpfs"),
        (mounts_of_macos(MACOS), "/Users/anna", "apfs"),
        (mounts_of_macos(MACOS), "/Volumes/my share/nb", "smbfs"),
        (mounts_of_macos(MACOS), "/net/home", "nfs"),
        ([], "/work", ""),
    ],
)
def test_the_innermost_mount_counts(mounts, folder, kind):
    """As the system lists them: by whole names of folders, the later of two on the same place."""
    assert kind_by_mounts(Path(folder), mounts) == kind


def test_the_systems_are_asked_in_their_own_ways(tmp_path, monkeypatch):
    """Linux by a file, macOS by a command, Windows by the drive; who does not answer is taken for local."""
    assert kind_of(tmp_path, "linux") in {kind for _, kind in mounts_of_linux(Path("/proc/self/mounts").read_text())}

    def mount(command, **options):
        return subprocess.CompletedProcess(command, 0, MACOS.replace("apfs, sealed", "smbfs"))

    monkeypatch.setattr(subprocess, "run", mount)
    assert kind_of(Path("/Users"), "darwin") == "smbfs"

    def silent(command, **options):
        raise subprocess.TimeoutExpired(command, 5)

    monkeypatch.setattr(subprocess, "run", silent)
    assert kind_of(tmp_path, "darwin") == ""
    monkeypatch.undo()
    monkeypatch.setattr(Path, "read_text", lambda path, **options: (_ for _ in ()).throw(PermissionError()))
    assert kind_of(tmp_path, "linux") == ""


@pytest.mark.parametrize(
    ("folder", "drive", "kind"), [(r"\\nas\share\nb", 3, "smbfs"), (r"Z:\nb", 4, "smbfs"), (r"C:\nb", 3, "local")]
)
def test_a_drive_of_another_machine_is_known_on_windows(monkeypatch, folder, drive, kind):
    """By its name, or by what Windows says of its letter."""

    class Kernel32:
        def GetDriveTypeW(self, root):
            return drive

    monkeypatch.setattr(ctypes, "WinDLL", lambda name: Kernel32(), raising=False)
    assert kind_of(folder, "win32") == kind


@pytest.mark.parametrize(
    ("kind", "shared"),
    [
        ("nfs4", True),
        ("cifs", True),
        ("fuse.sshfs", True),
        ("fuse.fuse-overlayfs", False),
        ("ext4", False),
        ("", False),
    ],
)
def test_network_file_systems_are_shared(tmp_path, monkeypatch, kind, shared):
    """What is not known to be shared is not."""
    monkeypatch.setattr(filesystem, "kind_of", lambda folder, platform: kind if platform == sys.platform else "?")
    assert is_shared(tmp_path) is shared
