"""Says what crossplane says: a request a line, an answer a line, both JSON.

A request may name mends. Each takes one fault of crossplane away by a change of its source. What
ngxc says otherwise than crossplane, and not otherwise than the mended one, is that fault's doing.
"""

import functools
import importlib
import json
import os
import shutil
import sys
import tempfile

import crossplane

# Directives of Lua that crossplane does not know.
LUA = [
    "exit_worker",
    "precontent",
    "preread",
    "proxy_ssl_certificate",
    "proxy_ssl_verify",
    "server_rewrite",
    "ssl_client_hello",
]

# What is wrong: where it is said, what stands there, and what should. Later ones change what
# earlier ones wrote, so that the order counts.
MENDS = {
    "a `${` draws what is behind it into its word": [
        (
            "lexer.py",
            "            while token[-1] != '}' and not char.isspace():\n"
            "                token += char\n                char, line = next(it)\n",
            "            token += char\n            continue\n",
        ),
        ("lexer.py", "if char in ('{', '}', ';'):", "if char in '{;' or char == '}' and not token:"),
    ],
    "a comment at the end of a file without a line end is lost": [
        ("lexer.py", "_lex_file_object(f)", "_lex_file_object(itertools.chain(f, ['\\n']))")
    ],
    "a `\\` at the end of a comment is lost": [
        ("lexer.py", "yield (token, line, False)\n            token = ''\n            continue",
         "yield (token + char[:-1], line, False)\n            token = ''\n            continue")
    ],
    "comments between arguments are listed without --include-comments": [
        ("parser.py", "in comments_in_args:", "in comments_in_args if comments else ():")
    ],
    "comments between arguments have no file": [
        (
            "parser.py",
            "parsed.append(comment_stmt)",
            "parsed.append(dict(comment_stmt, file=parsing['file']) if combine else comment_stmt)",
        )
    ],
    "behind an include, directives have the name of the included file": [
        (
            "parser.py",
            "            comments_in_args = []\n",
            "            comments_in_args = []\n            fname = parsing['file']\n",
        )
    ],
    "parentheses are taken from an `if` that has no block": [
        (
            "parser.py",
            "if stmt['directive'] == 'if':",
            "if stmt['directive'] == 'if' and token == '{':",
        )
    ],
    "Lua is read as nginx's language in blocks that it does not know": [
        (
            "ext/lua.py",
            "    directives = {\n",
            "    directives = {\n" + "".join(f"        '{it}_by_lua_block': [],\n" for it in LUA),
        )
    ],
    "Lua is read as nginx's language in a block without a space before its `{`": [
        (
            "lexer.py",
            "            if token:\n                yield (token, token_line, False)\n"
            "                token = ''\n\n            # this character",
            "            if token:\n                yield (token, token_line, False)\n"
            "                if next_token_is_directive and token in EXTERNAL_LEXERS:\n"
            "                    rest = itertools.chain([(char, line)], it)\n"
            "                    for lua in EXTERNAL_LEXERS[token](rest, token):\n"
            "                        yield lua\n"
            "                    token = ''\n"
            "                    continue\n"
            "                token = ''\n\n            # this character",
        )
    ],
    "long brackets are nothing special in Lua": [
        (
            "ext/lua.py",
            "            elif char == '{':\n",
            "            elif char == '[':\n"
            "                mark = char\n"
            "                char, line = next(char_iterator)\n"
            "                while char == '=':\n"
            "                    mark += char\n"
            "                    char, line = next(char_iterator)\n"
            "                token += mark\n"
            "                if char != '[':\n"
            "                    char_iterator.put_back((char, line))\n"
            "                    continue\n"
            "                text = ''\n"
            "                while not text.endswith(mark.replace('[', ']') + ']'):\n"
            "                    text += char\n"
            "                    char, line = next(char_iterator)\n"
            "                token += text\n"
            "                char_iterator.put_back((char, line))\n"
            "                continue\n"
            "            elif char == '{':\n",
        )
    ],
    "bytes that are not UTF-8 are replaced": [
        ("lexer.py", "encoding='utf-8', errors='replace'", "encoding=_encoding(filename)"),
        (
            "lexer.py",
            "def lex(",
            "def _encoding(filename):\n"
            "    try:\n"
            "        io.open(filename, 'rb').read().decode('utf-8')\n"
            "    except UnicodeDecodeError:\n"
            "        return 'latin-1'\n"
            "    return 'utf-8'\n\n\n"
            "def lex(",
        ),
    ],
    "line ends become LF": [
        ("lexer.py", "mode='r'", "mode='r', newline=''"),
        ("parser.py", "stmt['comment'] = token[1:]", "stmt['comment'] = token[1:].rstrip('\\r')"),
        ("parser.py", "append(token[1:])", "append(token[1:].rstrip('\\r'))"),
    ],
    "white space that is none for nginx ends a word": [
        ("lexer.py", "char.isspace()", "(char in ' \\t\\r\\n')")
    ],
    "build writes line ends and letters in quotes as Python does": [
        (
            "builder.py",
            "arg = repr(arg).replace('\\\\\\\\', '\\\\')",
            "quote = \"'\" if '\\\\\"' in arg else '\"'\n"
            "        arg = quote + arg.replace(quote, '\\\\' + quote) + quote",
        )
    ],
    "build makes one comment of two on a line": [
        (
            "builder.py",
            "            if directive == '#' and line == last_line:\n",
            "            if directive == '#' and line == last_line:\n                last_line = -1\n",
        ),
        ("builder.py", "last_line = line\n", "last_line = -1 if directive == '#' else line\n"),
    ],
}

PLACE = tempfile.mkdtemp()


@functools.lru_cache(maxsize=None)
def mended(mends):
    """Crossplane without these faults."""
    if not mends:
        return crossplane
    path = tempfile.mkdtemp(dir=PLACE)
    package = os.path.join(path, "crossplane")
    shutil.copytree(os.path.dirname(crossplane.__file__), package)
    for name in MENDS:
        for file, old, new in MENDS[name] if name in mends else ():
            with open(os.path.join(package, file), encoding="utf-8") as source:
                text = source.read()
            assert old in text, (name, old)
            with open(os.path.join(package, file), "w", encoding="utf-8") as source:
                source.write(text.replace(old, new))
    for name in [name for name in sys.modules if name.split(".")[0] == "crossplane"]:
        del sys.modules[name]
    sys.path.insert(0, path)
    module = importlib.import_module("crossplane")
    sys.path.pop(0)
    return module


def answer(request):
    module = mended(tuple(request.get("mends", ())))
    if "build" in request:
        # As it writes files.
        return module.build(request["build"]).rstrip() + "\n"
    if "parse" in request:
        return module.parse(request["parse"], **request["options"])
    return {"version": module.__version__, "mends": list(MENDS)}


def main():
    for line in sys.stdin:
        try:
            said = answer(json.loads(line))
        except Exception as error:  # It is what crossplane says.
            said = {"exception": repr(error)}
        print(json.dumps(said), flush=True)


try:
    main()
finally:
    shutil.rmtree(PLACE)
