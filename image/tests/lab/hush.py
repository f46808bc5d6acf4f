"""An interpreter for the boot script, so that its counting can be tried a thousand times in a second.

It knows the few constructs and commands that a boot script uses and stops at anything else: a script that grows past it is
noticed, not misread. As in U-Boot, a quoted variable in the list of a `for` is split all the same, a number of `setexpr`
is hexadecimal, and a command that fails stops nothing by itself.
"""

import re
import shlex


class Stop(Exception):
    """The script ended for good: `why` is `reset` or `booted`."""

    def __init__(self, why):
        super().__init__(why)
        self.why = why


class NotUnderstood(Exception):
    """The script uses something this interpreter does not know."""


class Hush:
    """Runs scripts over `env`. `commands` maps further command names to functions of their arguments that return whether
    they did it; `echo` lines are kept in `said`."""

    def __init__(self, env, commands, most=20000):
        self.env, self.commands, self.said, self._left = env, commands, [], most

    def run(self, script):
        """Runs a script and returns whether its last command did what it should."""
        tokens = tokens_of(script)
        done, place = self._sequence(tokens, 0, ())
        if place != len(tokens):
            raise NotUnderstood(f"{tokens[place]!r} stands alone")
        return done

    def _sequence(self, tokens, place, ends, live=True):
        done = True
        while place < len(tokens) and tokens[place] not in ends:
            if tokens[place] == ";":
                place += 1
                continue
            done, place = self._chain(tokens, place, live)
        return done, place

    def _chain(self, tokens, place, live):
        done, place = self._one(tokens, place, live)
        while place < len(tokens) and tokens[place] in ("&&", "||"):
            go = live and (done if tokens[place] == "&&" else not done)
            then, place = self._one(tokens, place + 1, go)
            done = then if go else done
        return done, place

    def _one(self, tokens, place, live):
        if tokens[place] == "if":
            return self._if(tokens, place, live)
        if tokens[place] == "for":
            return self._for(tokens, place, live)
        if tokens[place] in ("while", "until", "then", "elif", "else", "fi", "do", "done"):
            raise NotUnderstood(f"{tokens[place]!r} here")
        end = place
        while end < len(tokens) and tokens[end] not in (";", "&&", "||"):
            end += 1
        done = self._command(tokens[place:end]) if live else True
        return done, end

    def _if(self, tokens, place, live):
        chosen = done = False
        word = "if"
        while word in ("if", "elif"):
            test, place = self._sequence(tokens, place + 1, ("then",), live and not chosen)
            here = live and not chosen and test
            outcome, place = self._sequence(tokens, _past(tokens, place, "then"), ("elif", "else", "fi"), here)
            if here:
                chosen, done = True, outcome
            word = _at(tokens, place)
        if word == "else":
            here = live and not chosen
            outcome, place = self._sequence(tokens, place + 1, ("fi",), here)
            if here:
                chosen, done = True, outcome
        return done or not chosen, _past(tokens, place, "fi")

    def _for(self, tokens, place, live):
        name = _at(tokens, place + 1)
        place = _past(tokens, place + 2, "in")
        words = []
        while _at(tokens, place) != ";":
            words.append(tokens[place])
            place += 1
        body = _past(tokens, place + 1, "do")
        _, end = self._sequence(tokens, body, ("done",), False)
        done = True
        for value in (" ".join(self._expand(word) for word in words).split() if live else ()):
            self.env[name] = value
            done, _ = self._sequence(tokens, body, ("done",), True)
        return done, _past(tokens, end, "done")

    def _expand(self, word):
        return re.sub(r"\$\{(\w+)\}|\$(\w+)", lambda found: self.env.get(found[1] or found[2], ""), word)

    def _words(self, raw):
        words = []
        for word in raw:
            quoted = '"' in word or "'" in word
            parts = [part if part[:1] == "'" else self._expand(part) for part in re.findall(r"'[^']*'|[^']+", word)]
            text = "".join(part.strip("'") if part[:1] == "'" else part.replace('"', "") for part in parts)
            words += [text] if quoted else text.split()
        return words

    def _command(self, raw):
        self._left -= 1
        if self._left < 0:
            raise NotUnderstood("the script does not end")
        words = self._words(raw)
        if not words:
            return True
        name, arguments = words[0], words[1:]
        if name in self.commands:
            return self.commands[name](*arguments)
        own = getattr(self, f"_do_{name}", None)
        if own is None:
            raise NotUnderstood(f"command {name!r}")
        return own(*arguments)

    def _do_echo(self, *words):
        self.said.append(" ".join(words))
        return True

    def _do_setenv(self, name, *words):
        if words:
            self.env[name] = " ".join(words)
        else:
            self.env.pop(name, None)
        return True

    def _do_run(self, *names):
        for name in names:
            if name not in self.env or not self.run(self.env[name]):
                return False
        return True

    def _do_setexpr(self, name, *words):
        try:
            left, operator, right = words
            one, two = int(left, 16), int(right, 16)
        except ValueError:
            return False
        if operator not in ("+", "-", "*", "/") or (operator == "/" and two == 0):
            return False
        value = {"+": one + two, "-": one - two, "*": one * two, "/": one // two if two else 0}[operator]
        self.env[name] = format(value & (2**64 - 1), "x")
        return True

    def _do_itest(self, *words):
        try:
            left, how, right = words
            one, two = int(left, 16), int(right, 16)
        except ValueError:
            return False
        return {"-gt": one > two, "-ge": one >= two, "-lt": one < two, "-le": one <= two, "-eq": one == two,
                "-ne": one != two}.get(how, False)

    def _do_test(self, *words):
        match words:
            case ("-z", *rest):
                return not rest or rest == [""]
            case ("-n", *rest):
                return bool(rest) and rest != [""]
            case (left, "=" | "==", right):
                return left == right
            case (left, "!=", right):
                return left != right
            case (left, "-gt" | "-ge" | "-lt" | "-le" | "-eq" | "-ne" as how, right):
                try:
                    one, two = int(left, 10), int(right, 10)
                except ValueError:
                    return False
                return {"-gt": one > two, "-ge": one >= two, "-lt": one < two, "-le": one <= two, "-eq": one == two,
                        "-ne": one != two}[how]
        # U-Boot calls anything it does not understand false.
        return False

    def _do_true(self, *_):
        return True

    def _do_false(self, *_):
        return False

    def _do_sleep(self, *_):
        return True

    def _do_reset(self, *_):
        raise Stop("reset")


def tokens_of(script):
    """Words with their quotes, and the signs `;`, `&&` and `||`. A new line ends a command as `;` does."""
    tokens = []
    for line in script.replace("\\\n", " ").splitlines():
        if line.strip().startswith("#"):
            continue
        lexer = shlex.shlex(line, posix=False, punctuation_chars=";&|")
        lexer.whitespace_split, lexer.commenters = True, ""
        tokens += list(lexer) + [";"]
    for token in tokens:
        if re.fullmatch(r"[;&|]+", token) and token not in (";", "&&", "||"):
            raise NotUnderstood(f"{token!r}")
    return tokens


def _at(tokens, place):
    if place >= len(tokens):
        raise NotUnderstood("the script ends too early")
    return tokens[place]


def _past(tokens, place, word):
    while _at(tokens, place) == ";" and word != ";":
        place += 1
    if tokens[place] != word:
        raise NotUnderstood(f"{tokens[place]!r} instead of {word!r}")
    return place + 1
