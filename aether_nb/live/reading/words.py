"""Names of functions and methods, by what is done with them: the tables that are reviewed when a hole is found.

A name counts wherever it is spoken of, whatever it belongs to. It does not know where a name stands in the code.
"""

from __future__ import annotations

import re

__all__ = ["is_risky"]

SAFE_BUILTINS = set(
    """
    abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict dir divmod enumerate filter
    float format frozenset hash hex id int isinstance issubclass iter len list map max min next object oct ord
    pow print property range repr reversed round set slice sorted staticmethod str sum super tuple type zip
    Ellipsis NotImplemented True False None __name__ memoryview
    """.split()
)
SHELL = "runs a shell command or a magic"
BUILTIN_WORDS = {
    "open": "opens a file",
    "input": "waits for somebody to type",
    "exit": "ends the kernel",
    "quit": "ends the kernel",
    "eval": "runs text as code",
    "exec": "runs text as code",
    "compile": "runs text as code",
    "SystemExit": "ends the kernel",
    "__import__": "imports by a computed name",
    "get_ipython": SHELL,
}
REACHING = {"getattr", "setattr", "delattr", "globals", "locals", "vars"}
"""Built-ins that reach things by the text of their names."""
PASSING = set("list tuple dict set frozenset iter zip enumerate filter map reversed sorted next min max sum".split())
"""Built-ins whose result holds what they were given."""

TEXT_WRITERS = set(
    """
    to_csv to_json to_html to_latex to_markdown to_string write_csv write_json write_ndjson
    """.split()
)
"""Without a path they only return the text."""
FILE_WRITERS = TEXT_WRITERS | set(
    """
    to_excel to_parquet to_feather to_stata to_orc to_hdf to_xml to_pickle savefig imsave savez savez_compressed
    savetxt tofile write_parquet write_ipc write_excel sink_csv sink_parquet sink_ipc sink_ndjson ExcelWriter
    """.split()
)
READERS = set(
    """
    read_csv read_excel read_json read_parquet read_feather read_table read_fwf read_stata read_spss read_sas
    read_xml read_orc read_ndjson read_ipc read_avro scan_csv scan_parquet scan_ndjson scan_ipc loadtxt
    genfromtxt imread fromfile fromregex
    """.split()
)
HARMLESS = set(
    """
    to_frame to_list to_numpy to_dict to_records to_period to_timestamp to_pydatetime to_flat_index to_series
    to_datetime to_numeric to_timedelta to_julian_date to_offset to_arrow to_pandas to_dummies to_physical
    to_struct to_init_repr to_pylist to_dense to_coords to_rgb to_rgba to_hex to_rgba_array to_tuples to_xarray
    to_tree to_mpl to_integer to_bytes load_iris load_wine load_digits load_breast_cancer load_diabetes
    load_linnerud read_only
    """.split()
)
RISKY = re.compile(
    r"to_\w+|(write|sink|save|dump|load|read|scan|fetch|open|exec|popen|spawn|fork|remove_file|download"
    r"|upload)(_\w+)?|savefig|savetxt|savez\w*|savemat|loadtxt|loadmat|imsave|imread|eval|query|execute\w*|sql\w*"
    r"|system|startfile|unlink|rmdir|rmtree|removedirs|mkdir|makedirs|chmod|chown|touch|symlink_to|hardlink_to"
    r"|renames|urlopen|urlretrieve|connect|cursor|commit|sendall|recv|write|writelines|fromfile|memmap|genfromtxt"
    r"|tofile|read\w*pickle\w*|from_?file\w*|deserialize|serialize|DataSource|CDLL|ctypeslib|LowLevelCallable|test"
    r"|run_module|run_path|call_function|get_rdataset|get_dataset_names|webdoc|register|clear_data_home"
    r"|get_data_home|rc_file\w*|rc_params_from_file|attrgetter|methodcaller|get_type_hints|ForwardRef"
    r"|singledispatch\w*|Formatter|SQLContext|register_\w+|foreign_buffer|OSFile|ExcelFile|ExcelWriter|HDFStore"
    r"|switch_backend|use|set_option|read_database\w*|evaluate_formula|format_map|getattr_static|run_line_magic"
    r"|run_cell\w*|environ|putenv|print_\w+"
    # found by trying to get past the tables above
    r"|chdir|fchdir|chroot|lchmod|link_to|spawn\w*|exec[lv]\w*|fromregex|show_versions|show_graph"
    r"|all_estimators|x13_\w+|MICE\w*|set_imputer|make_dataclass|evaluate_\w+|as_strided"
    r"|clock_settime\w*|tzset|writerows?|writeheader|set_usetex|from_custom_template|from_string"
    r"|get_template|select_template|compile_\w+|Catalog|CredentialProvider\w*|ComputeContext\w*|QueryRef"
    r"|Pool|Parallel|set_backend|set_global_backend|file_digest"
    r"|getoutput\w*|add_extension|CalamineReader|ODFReader|OpenpyxlReader|PyxlsbReader|XlrdReader"
)
"""Names in a library, or of a method, that may do more than compute; the ones in ``HARMLESS`` do not."""
FRAMES = re.compile(
    r"(gi|cr|ag|tb|f)_(frame|code|next|back|globals|locals|builtins|yieldfrom|await)|co_code|func_globals|mro"
)
"""Attributes that lead from a running function to everything else."""

MUTATING = set(
    """
    append extend insert pop remove clear update setdefault add discard sort reverse popitem appendleft popleft
    rotate extendleft fill put itemset resize partition fit fit_transform fit_predict partial_fit set_params
    set_flags setflags difference_update intersection_update symmetric_difference_update move_to_end subtract
    insert_column replace_column drop_in_place isetitem insert_at_idx replace_at_idx set_at_idx send throw close
    __setitem__ seed shuffle set_index_inplace byteswap setfield set_output setstate set_state setdiag sort_indices
    sum_duplicates eliminate_zeros remove_data
    """.split()
)
FRAME_MUTATING = set(
    """
    insert pop update isetitem insert_column replace_column drop_in_place insert_at_idx replace_at_idx set_at_idx
    extend append scatter set put resize setflags clear __setitem__
    """.split()
)
"""The same for tables, of which many methods return a new one."""
MUTATING_FUNCTIONS = set(
    """
    shuffle copyto put place putmask fill_diagonal heappush heappop heapify heapreplace heappushpop insort
    insort_left insort_right at put_along_axis setitem delitem iadd isub imul iand ior ixor iconcat setp
    """.split()
)
FILLING = {"append", "add", "insert", "extend", "update", "setdefault"}
SAME_DATA = set(
    """
    get setdefault items values keys reshape ravel view squeeze transpose swapaxes fit set_params flat T
    pop popitem popleft diagonal astype
    """.split()
)
"""Methods whose result is a part of what they are called on, or shares its data."""
VIEWS = set(
    """
    asarray asanyarray ascontiguousarray asfortranarray array ravel reshape squeeze transpose swapaxes moveaxis
    rollaxis expand_dims atleast_1d atleast_2d atleast_3d split array_split hsplit vsplit dsplit flip fliplr flipud
    rot90 real imag diagonal broadcast_to broadcast_arrays nditer require frombuffer sliding_window_view asmatrix
    matrix_transpose permute_dims masked_array masked_where masked_invalid nan_to_num astype unstack
    """.split()
)
"""Functions of numpy whose result may share the data they were given."""
HANDING_ON = {"copy", "itertools", "functools", "operator", "collections", "heapq", "random"}
"""Modules whose functions may hand on the very objects that they were given."""

METHODS_AS_FUNCTIONS = set(
    """
    fit_transform transform inverse_transform predict predict_proba decision_function score get format strip upper
    lower title cdf pdf pmf ppf sf count index match search fullmatch sub isoformat strftime date total_seconds sum
    mean median std var min max
    """.split()
)
"""Methods that are handed to ``apply`` and the like as functions; another attribute there may be a text."""


def is_risky(name: str) -> bool:
    """Whether a function or method of this name may do more than compute."""
    if name in HARMLESS:
        return False
    return name in FILE_WRITERS or name in READERS or RISKY.fullmatch(name) is not None
