"""Ways to reach files, processes and the network from Python: what the guard has to see, and what it cannot.

Each is a piece of code that a model might send, on its own: ``df`` is a small frame, ``arr`` an array, the working
folder holds ``data.csv``, ``old/a.txt`` and ``pack.zip``.
"""

from __future__ import annotations

from typing import Any

import pytest

FILES = r"""
open("out.txt", "w")
open("data.csv", "a")
open("data.csv", "r+")
open("out.txt", "x")
open("out.bin", "wb", buffering=0)
import io; io.open("out.txt", "w")
import io; io.FileIO("out.txt", "w")
import os; os.open("out.txt", os.O_WRONLY | os.O_CREAT)
import os; os.open("data.csv", os.O_RDWR)
import os; os.open("data.csv", os.O_TRUNC)
import codecs; codecs.open("out.txt", "w")
from pathlib import Path; Path("out.txt").write_text("x")
from pathlib import Path; Path("out.txt").write_bytes(b"x")
from pathlib import Path; Path("out.txt").open("w")
from pathlib import Path; Path("out.txt").touch()
from pathlib import Path; Path("new").mkdir()
import os; os.mkdir("new")
import os; os.makedirs("new/deep/er")
import os; os.truncate("data.csv", 0)
import os; os.chmod("data.csv", 0o777)
from pathlib import Path; Path("data.csv").chmod(0o600)
import os; os.chown("data.csv", os.getuid(), os.getgid())
import os; os.utime("data.csv", (0, 0))
import os; os.setxattr("data.csv", "user.a", b"1")
import os; os.remove("data.csv")
import os; os.unlink("data.csv")
from pathlib import Path; Path("data.csv").unlink()
import os; os.rmdir("old")
import os; os.removedirs("old")
import os; os.remove("a.txt", dir_fd=os.open("old", os.O_RDONLY))
import os; os.rename("data.csv", "b.csv")
import os; os.renames("data.csv", "b/b.csv")
import os; os.replace("data.csv", "b.csv")
from pathlib import Path; Path("data.csv").rename("b.csv")
from pathlib import Path; Path("data.csv").replace("b.csv")
import os; os.link("data.csv", "b.csv")
import os; os.symlink("data.csv", "b.csv")
from pathlib import Path; Path("b.csv").symlink_to("data.csv")
from pathlib import Path; Path("b.csv").hardlink_to("data.csv")
import shutil; shutil.rmtree("old")
import shutil; shutil.rmtree("old", ignore_errors=True)
import shutil; shutil.move("data.csv", "b.csv")
import shutil; shutil.copy("data.csv", "b.csv")
import shutil; shutil.copy2("data.csv", "b.csv")
import shutil; shutil.copyfile("data.csv", "b.csv")
import shutil; shutil.copytree("old", "new")
import shutil; shutil.make_archive("all", "zip", "old")
import shutil; shutil.unpack_archive("pack.zip", "new")
import shutil; shutil.chown("data.csv", os.getuid()) if (os := __import__("os")) else None
import tempfile; tempfile.mkstemp(dir=".")
import tempfile; tempfile.mkdtemp(dir=".")
import tempfile; tempfile.NamedTemporaryFile(dir=".")
import mmap; mmap.mmap(open("data.csv", "r+b").fileno(), 0)
import sqlite3; sqlite3.connect("base.db")
import sqlite3; sqlite3.connect("file:base.db?mode=rwc", uri=True)
import zipfile; zipfile.ZipFile("a.zip", "w")
import zipfile; zipfile.ZipFile("pack.zip").extractall("new")
import zipfile; zipfile.ZipFile("pack.zip", "a")
import tarfile; tarfile.open("a.tar", "w")
import gzip; gzip.open("a.gz", "wb")
import bz2; bz2.open("a.bz2", "wb")
import lzma; lzma.open("a.xz", "wb")
import pickle; pickle.dump(1, open("a.pkl", "wb"))
import joblib; joblib.dump([1], "a.joblib")
import shelve; shelve.open("shelf")
import dbm.dumb; dbm.dumb.open("base", "n")
import json; json.dump({}, open("a.json", "w"))
import csv; csv.writer(open("a.csv", "w"))
import logging; logging.FileHandler("a.log")
import logging; logging.basicConfig(filename="a.log", force=True)
import logging.handlers; logging.handlers.RotatingFileHandler("a.log")
import contextlib; contextlib.redirect_stdout(open("a.txt", "w"))
import configparser; configparser.ConfigParser().write(open("a.ini", "w"))
import xml.etree.ElementTree as et; et.ElementTree(et.Element("a")).write("a.xml")
import fileinput; list(fileinput.input("data.csv", inplace=True))
import cProfile; cProfile.run("1", "a.prof")
import tracemalloc; tracemalloc.start(); tracemalloc.take_snapshot().dump("a.snap")
import faulthandler; faulthandler.enable(open("a.txt", "w"))
import trace; trace.CoverageResults(outfile="a.cov").write_results_file("a.cover", ["x"], {}, {})
import py_compile; py_compile.compile("data.py", cfile="data.pyc", doraise=True)
import mailbox; mailbox.mbox("box")
import wave; wave.open("a.wav", "wb")
df.to_csv("out.csv")
df.to_json("out.json")
df.to_html("out.html")
df.to_latex("out.tex")
df.to_string("out.txt")
df.to_pickle("out.pkl")
df.to_feather("out.feather")
df.to_stata("out.dta")
df["a"].to_csv("out.csv")
import pandas as pd; pd.to_pickle(df, "out.pkl")
import sqlite3; df.to_sql("t", sqlite3.connect("base.db"))
import numpy as np; np.save("a.npy", arr)
import numpy as np; np.savez("a.npz", arr)
import numpy as np; np.savez_compressed("a.npz", arr)
import numpy as np; np.savetxt("a.txt", arr)
import numpy as np; np.memmap("a.bin", mode="w+", shape=3)
import numpy as np; np.lib.format.open_memmap("a.npy", "w+", shape=(3,))
arr.tofile("a.bin")
arr.dump("a.pkl")
import scipy.io; scipy.io.savemat("a.mat", {"a": arr})
import scipy.sparse; scipy.sparse.save_npz("a.npz", scipy.sparse.eye(3).tocsr())
import matplotlib.pyplot as plt; plt.plot([1]); plt.savefig("a.png")
import matplotlib.pyplot as plt; plt.figure().savefig("a.pdf")
import matplotlib.pyplot as plt; plt.imsave("a.png", [[1, 2]])
import matplotlib.image; matplotlib.image.imsave("a.png", [[1.0, 2.0]])
from PIL import Image; Image.new("L", (1, 1)).save("a.png")
df.to_csv("/" + "tmp/elsewhere.csv")
df.to_csv("old/../../elsewhere.csv")
get_ipython().run_cell_magic("writefile", "made.txt", "x")
%%writefile made.txt
%save made 1
%logstart made.log
eval("open('out.txt', 'w')")
exec("import os; os.remove('data.csv')")
getattr(__import__("os"), "rem" + "ove")("data.csv")
import builtins; vars(builtins)["op" + "en"]("out.txt", "w")
[].__class__.__base__.__subclasses__() and open("out.txt", "w")
import asyncio; asyncio.run(asyncio.sleep(0)); open("out.txt", "w")
"""
"""Files that are written, moved, changed or deleted."""

PROCESSES = r"""
import subprocess; subprocess.run(["true"])
import subprocess; subprocess.run("true", shell=True)
import subprocess; subprocess.Popen(["true"])
import subprocess; subprocess.call(["true"])
import subprocess; subprocess.check_call(["true"])
import subprocess; subprocess.check_output(["true"])
import subprocess; subprocess.getoutput("true")
from subprocess import run as r; r(["true"])
import os; os.system("true")
import os; os.popen("true")
import os; os.execv("/bin/true", ["true"])
import os; os.execvp("true", ["true"])
import os; os.spawnv(os.P_WAIT, "/bin/true", ["true"])
import os; os.posix_spawn("/bin/true", ["true"], {})
import os; os.posix_spawnp("true", ["true"], {})
import os; os.fork()
import os; os.forkpty()
import os; os.kill(os.getpid(), 15)
import os; os.killpg(os.getpgid(0), 15)
import pty; pty.spawn(["true"])
import multiprocessing as mp; mp.get_context("fork").Process(target=print).start()
import multiprocessing as mp; mp.get_context("fork").Pool(1)
from concurrent.futures import ProcessPoolExecutor as P; P(1).submit(print)
import asyncio; asyncio.run(asyncio.create_subprocess_exec("true"))
import asyncio; asyncio.run(asyncio.create_subprocess_shell("true"))
import webbrowser; webbrowser.GenericBrowser("true").open("http://localhost")
get_ipython().system("true")
get_ipython().getoutput("true")
!true
out = !true
%sx true
%%bash
%pip install nothing-of-that-name
!pip install nothing-of-that-name
import sys, subprocess; subprocess.check_call([sys.executable, "-m", "pip", "install", "x"])
import venv; venv.create("env", with_pip=False)
import ensurepip; ensurepip.bootstrap(root="env")
"""
"""Processes that are started or signalled, and packages that are installed by one."""

NETWORK = r"""
import socket; socket.create_connection(("localhost", 9), 0.1)
import socket; socket.socket().connect(("127.0.0.1", 9))
import socket; socket.socket().connect_ex(("127.0.0.1", 9))
import socket; socket.socket().bind(("127.0.0.1", 0))
import socket; socket.create_server(("127.0.0.1", 0))
import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))
import socket; socket.socket(type=socket.SOCK_DGRAM).sendmsg([b"x"], [], 0, ("127.0.0.1", 9))
import socket; socket.getaddrinfo("localhost", 9)
import socket; socket.gethostbyname("localhost")
import urllib.request; urllib.request.urlopen("http://localhost:9")
import urllib.request; urllib.request.urlretrieve("http://localhost:9", "x")
import http.client; http.client.HTTPConnection("localhost", 9).request("GET", "/")
import requests; requests.get("http://localhost:9", proxies={"http": None})
import requests; requests.Session().post("http://localhost:9", data={"a": 1})
import httpx; httpx.get("http://localhost:9", trust_env=False)
import httpx; httpx.Client(trust_env=False).post("http://localhost:9")
import asyncio; asyncio.run(asyncio.open_connection("127.0.0.1", 9))
import ftplib; ftplib.FTP("localhost", timeout=0.1)
import smtplib; smtplib.SMTP("localhost", 9)
import imaplib; imaplib.IMAP4("localhost", 9)
import poplib; poplib.POP3("localhost", 9)
import xmlrpc.client; xmlrpc.client.ServerProxy("http://localhost:9").f()
import http.server; http.server.HTTPServer(("127.0.0.1", 0), None)
import socketserver; socketserver.TCPServer(("127.0.0.1", 0), None)
import ssl; ssl.get_server_certificate(("localhost", 9))
import logging.handlers; logging.handlers.SysLogHandler(("127.0.0.1", 9))
import pandas as pd; pd.read_csv("http://localhost:9/x.csv")
import pandas as pd; pd.read_json("http://localhost:9/x.json")
import urllib.request as u; u.urlopen(u.Request("http://localhost:9", data=b"secret"))
import telnetlib; telnetlib.Telnet("localhost", 9)
import nntplib; nntplib.NNTP("localhost", 9)
"""
"""Connections that are made or waited for."""

COMPILED = r"""
import ctypes; ctypes.CDLL("libc.so.6")
import ctypes; ctypes.CDLL(None).system
import ctypes; ctypes.cdll.LoadLibrary("libc.so.6")
import ctypes; ctypes.pythonapi.PyRun_SimpleString
"""
"""Code that is not Python's and that Python says it loads."""

UNSEEN = r"""
import threading; threading.Thread(target=open, args=("out.txt", "w")).start()
from concurrent.futures import ThreadPoolExecutor as T; T().submit(open, "out.txt", "w")
import _thread; _thread.start_new_thread(open, ("out.txt", "w"))
import asyncio; await asyncio.to_thread(open, "out.txt", "w")
import multiprocessing as mp; mp.get_context("spawn").Process(target=print).start()
import polars as pl; pl.DataFrame({"a": [1]}).write_parquet("/tmp/a.parquet")
import polars as pl; pl.DataFrame({"a": [1]}).write_csv("out.csv")
import polars as pl; pl.DataFrame({"a": [1]}).write_parquet("out.parquet")
import polars as pl; pl.DataFrame({"a": [1]}).write_ipc("out.arrow")
import polars as pl; pl.LazyFrame({"a": [1]}).sink_parquet("out.parquet")
import polars as pl; pl.read_database_uri("select 1", "sqlite://a.db")
import polars as pl; pl.LazyFrame({"a": [1]}).sink_csv("/tmp/a.csv")
import duckdb; duckdb.sql("copy (select 1) to 'a.csv'")
import duckdb; duckdb.connect("base.duckdb")
import duckdb; duckdb.execute("install httpfs")
import pyarrow.parquet as pq; pq.write_table(None, "a.parquet")
import pyarrow as pa; pa.OSFile("a.bin", "w")
import pyarrow.fs as fs; fs.LocalFileSystem().delete_file("data.csv")
import h5py; h5py.File("a.h5", "w")
import netCDF4; netCDF4.Dataset("a.nc", "w")
import cffi; cffi.FFI().dlopen("libc.so.6")
import _posixsubprocess; _posixsubprocess.fork_exec()
import os; os.write(3, b"x")
import os; os.sendfile(1, 2, 0, 1)
import os; os.mkfifo("pipe")
import os; os.mknod("node")
import os; os._exit(1)
import os; os.chdir("/")
import os; os.environ["A"] = "b"
import os; os.putenv("A", "b")
import os; os.chroot("/")
import os; os.setuid(0)
import os; os.nice(5)
import signal; signal.alarm(1)
import resource; resource.setrlimit(resource.RLIMIT_AS, (1, 1))
import dbm.gnu; dbm.gnu.open("base", "n")
import dbm.ndbm; dbm.ndbm.open("base", "n")
import sqlite3; sqlite3.Connection.backup
import readline; readline.write_history_file("a")
import syslog; syslog.syslog("x")
import gc; gc.get_objects()
import sys; sys.addaudithook(print)
import sys; sys.settrace(print)
import sys; sys.path.insert(0, "/tmp")
import importlib; importlib.import_module("nobody_knows")
import nobody_knows
from nobody_knows import anything
__import__("nobody_knows")
import runpy; runpy.run_module("pip")
import runpy; runpy.run_path("data.py")
from pip._internal.cli.main import main; main(["install", "x"])
import pip; pip.main(["install", "x"])
import setuptools; setuptools.setup()
import sqlite3; c = sqlite3.connect(":memory:"); c.enable_load_extension(True); c.load_extension("x")
import numpy as np; np.ctypeslib.load_library("libc.so.6", "/lib")
import numpy as np; np.load("a.npy", allow_pickle=True)
import pandas as pd; pd.read_pickle("a.pkl")
import pickle; pickle.loads(b"")
import joblib; joblib.load("a.joblib")
import marshal; marshal.loads(b"")
import torch; torch.save({}, "a.pt")
import torch; torch.load("a.pt")
import tables; tables.open_file("a.h5", "w")
df.to_hdf("/tmp/a.h5", key="a")
import pandas as pd; pd.read_sql("drop table a", "sqlite:///base.db")
import sqlalchemy; sqlalchemy.create_engine("sqlite:///base.db")
import psycopg; psycopg.connect("")
import redis; redis.Redis()
import boto3; boto3.client("s3")
import paramiko; paramiko.SSHClient()
import zmq; zmq.Context()
import grpc; grpc.insecure_channel("localhost")
import pyodbc; pyodbc.connect("")
import pycurl; pycurl.Curl()
import lxml.etree as e; e.parse("http://localhost")
import tkinter; tkinter.Tk()
import cv2; cv2.imwrite("a.png", None)
import numba; numba.njit(cache=True)
import antigravity
import code; code.interact()
import breakpoint_of_nobody
get_ipython().run_line_magic("run", "data.py")
%run data.py
%load_ext nobody_knows
%env A=b
%cd /
%reset -f
exit()
import inspect; inspect.currentframe().f_back.f_globals
"""
"""What no audit event tells of, or only some of them: the reading has to call it high before it runs."""

NAMED = r"""
df.to_parquet("out.parquet")
import pandas as pd; pd.DataFrame({"a": [1]}).to_parquet("out.parquet")
"""
"""Files that a compiled library writes by itself, by a name that the reading puts on the card."""


def ways(table: str) -> list[str]:
    """The pieces of code of a table; a cell magic has a body."""
    lines = [line for line in table.splitlines() if line.strip()]
    return [f"{line}\ntrue" if line.startswith("%%") else line for line in lines]


def sampled(table: list[str], every: int = 3) -> list[Any]:
    """All of a table, of which the ordinary suite runs a part."""
    full = pytest.mark.full
    return [code if n % every == 0 else pytest.param(code, marks=full) for n, code in enumerate(table)]
