"""Instructions in data: what a cell, a column name, a file or a web page says that sounds like an order to a model.

Patterns, in several languages, over the text as it is, without the signs that nobody sees, and as it reads when it is
decoded. A pattern is no proof, and what none of them knows passes; the fence round all data stands in either case. This
module knows no run and no message.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple
from urllib.parse import unquote

__all__ = ["Suspicion", "suspicion"]

LONGEST = 200_000
"""Characters of one piece that are looked at."""

EXCERPT = 160
"""Characters of it that are shown."""


class Suspicion(NamedTuple):
    """What gave a text away, in words, and the place, on one line."""

    signs: tuple[str, ...]
    excerpt: str


_ORDER = (
    r"ignor\w*|disregard\w*|forget\w*|overrid\w*|bypass\w*|do not (?:follow|obey)|stop following|"
    r"ignorier\w*|vergiss|vergesst|missachte\w*|oubli\w*|ignore[zr]?|ne (?:suis|suivez) pas|olvid\w*|ignora\w*|"
    r"descart\w*|dimentic\w*|ignori\w*|esque[cç]\w*|desconsider\w*|negeer|vergeet|zignoruj|zapomnij|"
    r"игнорируй\w*|проигнорируй\w*|забудь\w*|忽略|无视|無視|忘记|忘れ|무시|잊어|تجاهل|अनदेखा|yok say|görmezden"
)
_EARLIER = (
    r"previous|prior|earlier|(?:the|all|everything|anything|instructions?|rules?|text) above|preceding|"
    r"all (?:of )?(?:the |your )?(?:\w+ )?(?:instructions|rules)|"
    r"your (?:instructions|"
    r"rules|guidelines|prompt|programming|training)|system prompt|safety|original (?:task|question|"
    r"instructions)|"
    r"vorherig\w*|bisherig\w*|obig\w*|fr[uü]her\w*|alle anweisungen|pr[eé]c[eé]dent\w*|ci-dessus|anterior\w*|"
    r"previas?|"
    r"precedent\w*|vorige|eerdere|poprzedni\w*|предыдущ\w*|прежн\w*|之前|以上|先前|上述|前の|以前|"
    r"上記|これまで|이전|앞의|"
    r"السابقة|पिछले|önceki"
)
_FORGETTING = (
    "ignor disregard forget overrid bypass follow obey missacht vergiss vergesst oubli olvid descart "
    "dimentic esque desconsider negeer vergeet zapomnij игнорируй забудь 忽略 无视 無視 忘 "
    "무시 잊어 تجاهل अनदेखा yok görmezden suis "
    "suiv"
)
_PATTERNS: tuple[tuple[str, str, str], ...] = (
    (
        "it says to ignore what was said before",
        _FORGETTING,
        rf"(?:{_ORDER})[^.!?。\n]{{0,60}}?(?:{_EARLIER})",
    ),
    (
        "it says to ignore what was said before",
        _FORGETTING,
        rf"(?:{_EARLIER})[^.!?。\n]{{0,40}}?(?:を無視|を忘れ|무시|잊어|अनदेखा|yok say|görmezden|忽略|"
        rf"无视)",
    ),
    (
        "it speaks as the system or as the user",
        "system assistant developer human im_start im_end endoftext _id begin_ inst] sys> sys < instruction admin",
        r"<\|?/?\s*(?:im_start|im_end|system|assistant|user|endoftext|eot_id|start_header_id|end_header_id|"
        r"begin_of_text)"
        r"\s*\|?>|\[/?INST\]|<<\s*/?SYS\s*>>|</?(?:system|assistant|human|instructions?|"
        r"admin)(?:[\s_-][^>]{0,40})?>|"
        r"(?:^|\n|\\n|[\"'.,;:|>-]\s?)\s*#{0,4}\s*(?:system|assistant|developer)(?: message| prompt|"
        r" override| note)?\s*:\s*\S|"
        r"\bBEGIN (?:SYSTEM|ADMIN|DEVELOPER) (?:PROMPT|MESSAGE|INSTRUCTIONS?)\b|###\s*(?:new )?(?:system|"
        r"instructions?)\b",
    ),
    (
        "it gives new orders",
        "instruc task directive order prompt policy goal job role purpose objective "
        "anweisung aufgabe istruzioni инструкци указани 指示 지시",
        r"\b(?:new|updated|revised|real|actual|secret|hidden|additional|important|"
        r"urgent)\s+(?:system )?(?:instructions?|"
        r"directives?|task|orders?|prompt|policy (?=for))\s*(?::|-|=|are|is|for (?:the )?(?:ai|"
        r"assistant|agent|"
        r"model|llm))|"
        r"\byour (?:new|real|true|only|next) (?:task|goal|job|role|instructions?|purpose|objective)\b|"
        r"\bneue (?:anweisung|aufgabe)\w*\s*:|\bnouvelles? instructions?\s*:|"
        r"\bnuevas? instrucci[oó]n\w*\s*:|"
        r"\bnuove istruzioni\s*:|\bnovas? instru[cç]\w+\s*:|новы[ей] (?:инструкци|указани)\w*\s*:|"
        r"新(?:的)?指[示令]\s*[:：]|"
        r"新しい指示\s*[:：]?|새로운 지시",
    ),
    (
        "it speaks to the model",
        "ai a.i. llm language chatgpt claude gpt copilot gemini assist agent bot model ki",
        r"\b(?:dear |attention,? |hey |note to (?:the )?|message (?:to|for) (?:the |any )?|"
        r"instructions? (?:to|for) (?:the |any )?|"
        r"if you are an? |as an? )(?:ai|a\.i\.|llm|language model|large language model|chatgpt|claude|gpt|"
        r"copilot|gemini|"
        r"assistant|agent|chat ?bot)s?\b(?=[^.\n]{0,120}?\b(?:must|should|please|now|do|you|run|send|call|"
        r"print|reply|respond|"
        r"execute|delete|ignore|include|reading|add|say)\b|\s*[,:!])|"
        r"\b(?:to|an) (?:die|den|das) (?:ki|assistent\w*)\b\s*[,:]|\bif (?:an? )?(?:ai|llm|assistant|agent|"
        r"model) (?:is )?"
        r"read(?:s|ing)? this\b|\bany (?:ai|llm|assistant|agent) (?:that )?(?:reads?|process(?:es|ing)?|"
        r"reading)\b",
    ),
    (
        "it gives the model another part to play",
        "pretend jailbreak god debug maintenance unrestricted admin developer теперь "
        "你现在是 あなたは今から 당신은 root different dan you du tu eres sei agora ты",
        r"\byou are (?:now (?:an?|the|in|free|dan|my|root|called|connected|acting)|no longer (?:an?|"
        r"bound|the))\b[^.\n]{0,60}|\bfrom now on,? you\b|\bpretend (?:to be|that you|you are)\b|"
        r"\bact as (?:an? |the )?(?:unrestricted|admin|root|developer|dan\b|jailbroken|system|different)|"
        r"\bjailbreak|\bDAN mode|"
        r"\b(?:developer|god|debug|maintenance|unrestricted|admin) mode (?:is )?(?:enabled|activated|on)\b|"
        r"\bdu bist (?:jetzt|ab sofort)\b|\btu es (?:maintenant|désormais)\b|\bahora eres\b|\bora sei un\b|"
        r"\bagora você é\b|"
        r"теперь ты\b|你现在是|あなたは今から|당신은 이제",
    ),
    (
        "it looks like a call of a tool",
        "tool function invoke action arguments args parameters run_python write_file read_file shell "
        "http bash delete_file edit_file send_email",
        r"<\s*(?:tool_call|function_call|function_calls|invoke|tool_use|use_tool|tool)\b[^>]{0,80}>|"
        # Not what Python shows of a function: <function f at 0x7f10>.
        r"<\s*function(?:\s*=|\s+name\s*=|>\s*[\w{\"'])|"
        r"[{,]\s*\\?[\"'](?:tool|tool_name|function|function_call|tool_calls?|"
        r"name)\\?[\"']\s*:\s*\\?[\"'{\[][^}]{0,120}?"
        r"\\?[\"'](?:arguments|args|parameters|input)\\?[\"']\s*:|```\s*(?:tool|tool_call|tool_code|"
        r"action)\b|"
        r"\baction\s*:\s*\w+\s*(?:\\n|\n)\s*action[ _]input\s*:|"
        r"\b(?:call|use|invoke|run|execute) (?:the |your )?(?:tool |function )?(?:run_python|write_file|"
        r"read_file|shell|http|"
        r"edit_file|send_email|bash|delete_file)\b|\b(?:call|use|invoke) (?:the|"
        r"your) [\w`'\"]{1,30} (?:tool|function) (?:to|with|and)\b",
    ),
    (
        "it wants something sent away",
        "http ftp: @ webhook curl wget",
        r"\b(?:send|post|upload|forward|e-?mail|exfiltrate|transmit|leak|submit|deliver|copy|put|append|"
        r"sende|schicke?|envoie[zr]?|"
        r"env[ií]a\w*|invia\w*|envie|отправ\w*)\b[^.\n]{0,80}?(?:\bto\b|\ban\b|\bà\b|\ba\b|\bin\b|"
        r"\bna?\b|=)\s*"
        r"[^\n]{0,40}?(?:https?://|ftp://|[\w.+-]+@[\w-]+\.\w+|webhook)|"
        r"(?:发送|发给|上传|送信)[^\n]{0,40}(?:https?://|[\w.+-]+@)|(?:https?://|"
        r"[\w.+-]+@)[^\s]{3,80}\s*(?:へ|に|으로|"
        r"로)\s*(?:送|보내)|"
        r"!\[[^\]]{0,80}\]\(\s*https?://[^)\s]{0,120}[?&/][^)\s]{0,40}(?:=|%3d)?\s*[{<$\[(]|"
        r"https?://\S{0,120}[?&](?:data|d|q|leak|secret|token|key|content|payload|c)=(?:\{|<|\$|%7b|"
        r"\[|YOUR|"
        r"INSERT|BASE64)|"
        r"\b(?:curl|wget|Invoke-WebRequest|nc)\s+(?:-\S+\s+){0,6}[^\n]{0,80}(?:https?://|\$\(|`)|"
        r"requests\.(?:post|get|put)\(\s*\\?[\"']https?://",
    ),
    (
        "it wants secrets, or damage",
        "prompt instruction api password credential environ .env private ssh id_rsa secret rm os.system "
        "subprocess __import__ rmtree eval( delete drop wipe erase remove overwrite sche supprim borra elimina",
        r"\b(?:reveal|print|show|output|repeat|tell me|display|disclose|leak|include|read|dump|return|"
        r"list)\b[^.\n]{0,60}?\b(?:system prompt|"
        r"(?:your|the) (?:initial |hidden |full )?instructions|api[ _-]?keys?|passwords?|credentials|"
        r"environment variables|os\.environ|"
        r"\.env\b|private keys?|ssh keys?|id_rsa|secrets)\b|"
        r"\brm -rf\b|\bos\.system\(|\bsubprocess\.|__import__\(|\bshutil\.rmtree\(|\beval\(\s*(?:base64|"
        r"requests|compile)|"
        r"\b(?:delete|drop|wipe|erase|remove|overwrite|l[oö]sche\w*|supprime[zr]?|borra\w*|"
        r"elimina\w*)\b[^.\n]{0,30}?\b(?:all|every|the|alle\w*|tous|toutes|todos|todas|"
        r"tutti)\b[^.\n]{0,20}?\b(?:files?|tables?|data(?:base)?s?|variables?|folders?|director(?:y|ies)|"
        r"backups?|dateien|daten|"
        r"fichiers|archivos|file|dati)\b|\bDROP TABLE\b",
    ),
    (
        "it says that the person has agreed, or need not know",
        "don never without approv permission confirmation authori agreed granted consented not ohne sans sin не 不要",
        r"\b(?:do not|don'?t|never|without) (?:tell|telling|inform\w*|notify\w*|mention\w*|ask\w*|alert\w*|"
        r"warn\w*|show\w*)\b[^.\n]{0,30}?"
        r"\b(?:the )?(?:user|human|person|anyone|operator|owner|customer|him|her|them|this|confirmation|"
        r"permission|approval)\b|"
        r"\b(?:the )?(?:user|owner|admin(?:istrator)?|operator|human) (?:has |have )?(?:already |"
        r"pre-?)?(?:approved|authori[sz]ed|"
        r"agreed|granted|consented|confirmed)\b|\b(?:approval|permission|confirmation) (?:is |"
        r"was )?(?:not (?:needed|required|"
        r"necessary)|already (?:given|granted))\b|\bpre-?approved\b[^.\n]{0,30}\b(?:call|tool|action|"
        r"command)|"
        r"\bauto-?approve\b|\bohne (?:den )?(?:benutzer|nutzer) zu (?:fragen|informieren)|"
        r"\bsans (?:demander|pr[eé]venir)|"
        r"\bsin (?:preguntar|avisar)|не (?:говори|сообщай)|不要(?:告诉|询问)",
    ),
)
"""What a text that gives orders says, in words; a part of some word without which it does not, to look quickly; and how
it is known."""

_LOOKED_FOR = tuple((sign, tuple(words.split()), pattern) for sign, words, pattern in _PATTERNS)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, made when a text first gives cause to look: most programs never have one that does."""
    return re.compile(pattern, re.I)


_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")
_TURNED = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){16,}|(?:\\x[0-9a-fA-F]{2}){8,}")
_LETTERS = re.compile(r"(?:\b\w[ .\-_*]){8,}\w\b")


def suspicion(text: str) -> Suspicion | None:
    """What in a text sounds like an order to a model; None when nothing does.

    Args:
        text: A piece of data: cells, names, a file, what a tool returned.
    """
    text = text[:LONGEST]
    signs: dict[str, str] = {}
    for how, read in _readings(text):
        low = read.casefold()
        for sign, words, pattern in _LOOKED_FOR:
            if not any(word in low for word in words):
                continue
            if sign not in signs and (match := _compiled(pattern).search(read)):
                signs[f"{sign}{how}"] = read[max(0, match.start() - 40) : match.end() + 80]
        if signs:
            break  # the first reading that gives it away will do
    if _TAGS.search(text) or (_TURNED.search(text) and not _right_to_left(text)):
        signs["it holds signs that nobody sees"] = _UNSEEN.sub("·", text)[:EXCERPT]
    if not signs:
        return None
    return Suspicion(tuple(dict.fromkeys(signs)), _one_line(next(iter(signs.values()))))


def _readings(text: str) -> Iterator[tuple[str, str]]:
    """The text as it is, and as it reads when what hides it is taken away; with how, in words."""
    yield "", text
    if _TAGS.search(text):
        yield " (in unseen signs)", "".join(chr(ord(sign) - 0xE0000) for run in _TAGS.findall(text) for sign in run)
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).translate(_ALIKE)
    if plain != text:
        yield " (in signs that look alike)", plain
    for how, decoded in (("entities", html.unescape(text)), ("percent signs", unquote(text))):
        if decoded != text:
            yield f" (in {how})", decoded
    if "\\u" in text:
        yield " (escaped)", re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    for word in _ENCODED.findall(text)[:200]:
        if decoded := _unpacked(word):
            yield " (in base64)", decoded
    for word in _HEX.findall(text)[:200]:
        if decoded := _from_hex(word):
            yield " (in hexadecimal)", decoded
    if spaced := _LETTERS.findall(text)[:200]:
        joined = " ".join(re.sub(r"[ .\-_*]", "", word) for word in spaced)
        yield " (letter by letter)", _apart(joined)
    turned = text.translate(_ROT13)
    if len(text) < 20_000:
        yield " (in ROT13)", turned
        yield " (backwards)", text[::-1]


_ALIKE = str.maketrans("аеорсухіјѕԁɡһпАЕОРСТХВМНКІ0134@$", "aeopcyxijsdghnAEOPCTXBMHKIoieaas")
"""Letters of other alphabets, and digits, that are used for Latin ones."""

_ROT13 = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
)


def _unpacked(word: str) -> str:
    """What a word says in base64; empty when it says nothing that can be read."""
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return ""
    return _readable(data)


def _from_hex(word: str) -> str:
    return _readable(bytes.fromhex(re.sub(r"\\x|[ :]", "", word)[: len(re.sub(r"\\x|[ :]", "", word)) // 2 * 2]))


def _readable(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return ""
    return text if sum(sign.isprintable() or sign in "\n\t" for sign in text) > 0.95 * len(text) else ""


def _apart(joined: str) -> str:
    """Words that were run together, with spaces between those that orders are made of."""
    return re.sub(
        r"(?i)(ignore|all|previous|instructions|disregard|forget|above|prior|your|system|"
        r"prompt)",
        r" \1 ",
        joined,
    )


def _right_to_left(text: str) -> bool:
    """Whether a text is written in a script that runs the other way, where such signs belong."""
    return any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text)


def _one_line(text: str) -> str:
    flat = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return flat if len(flat) <= EXCERPT else flat[: EXCERPT - 1] + "…"
