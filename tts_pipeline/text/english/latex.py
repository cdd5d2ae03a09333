"""Formulas in LaTeX as English words, as far as that goes: "$x^2 + \\frac{a}{b}$"."""

from __future__ import annotations

from tts_pipeline.text import lazy_re as re
from tts_pipeline.text.english import numbers
from tts_pipeline.text.protocol import Token

_WORDS = {
    "times": "times", "cdot": "times", "div": "divided by", "pm": "plus or minus",
    "mp": "minus or plus", "leq": "is less than or equal to", "le": "is less than or equal to",
    "geq": "is greater than or equal to", "ge": "is greater than or equal to",
    "neq": "is not equal to", "ne": "is not equal to", "approx": "is approximately",
    "sim": "is similar to", "equiv": "is equivalent to", "propto": "is proportional to",
    "infty": "infinity", "to": "to", "rightarrow": "to", "Rightarrow": "implies",
    "implies": "implies", "iff": "if and only if", "in": "in", "notin": "not in",
    "subset": "is a subset of", "cup": "union", "cap": "intersection", "forall": "for all",
    "exists": "there exists", "partial": "partial", "nabla": "nabla", "sum": "the sum",
    "prod": "the product", "int": "the integral", "lim": "the limit", "log": "log", "ln": "L N",
    "sin": "sine", "cos": "cosine", "tan": "tangent", "exp": "exponential of", "min": "the minimum",
    "max": "the maximum", "ldots": "and so on", "dots": "and so on", "cdots": "and so on",
    "degree": "degrees", "circ": "degrees", "prime": "prime", "hbar": "H bar", "ell": "L",
    "mid": "given", "vert": "given", "land": "and", "lor": "or", "neg": "not", "angle": "angle",
    "perp": "is perpendicular to", "parallel": "is parallel to", "therefore": "therefore",
}  # fmt: skip
_GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma "
    "tau upsilon phi chi psi omega".split()
)
_SIGNS = {
    "+": "plus", "-": "minus", "−": "minus", "=": "equals", "<": "is less than",
    ">": "is greater than", "*": "times", "/": "over", "!": "factorial", "%": "percent",
    "±": "plus or minus", "×": "times", "÷": "divided by", "≤": "is less than or equal to",
    "≥": "is greater than or equal to", "≠": "is not equal to", "≈": "is approximately",
    "∞": "infinity", "|": "", "'": "prime", "°": "degrees", "√": "square root of",
}  # fmt: skip
# Accents and fonts: what they hold is said.
_TRANSPARENT = frozenset(
    "mathbf mathrm mathit mathcal mathbb mathsf boldsymbol bm operatorname hat bar vec tilde dot "
    "ddot overline underline text textbf textit mbox left right big Big bigg Bigg displaystyle "
    "limits quad qquad".split()
)
_TOKEN = re.compile(
    r"\\([A-Za-z]+)|\\(.)|(\d[\d,]*(?:\.\d+)?|\.\d+)|([A-Za-z])|(\s+)|(.)", re.DOTALL
)
_MAX = 2000


class _Parser:
    """A recursive reader of one formula; deep nesting is read flat."""

    def __init__(self, source: str) -> None:
        self._parts = [match for match in _TOKEN.finditer(source[:_MAX]) if not match.group(5)]
        self._at = 0
        # The sum, product, integral or limit whose bounds come next.
        self._operator = ""

    def words(self, closing: str = "", depth: int = 0) -> str:
        """Return the words up to a closing bracket, or to the end."""
        said: list[str] = []
        while self._at < len(self._parts):
            part = self._parts[self._at]
            self._at += 1
            if closing and part.group() == closing:
                break
            said.append(self._part(part, depth))
        return " ".join(word for word in said if word)

    def _part(self, part: re.Match[str], depth: int) -> str:
        command, escaped, number, letter = part.group(1, 2, 3, 4)
        if command:
            return self._command(command, depth)
        if number:
            return numbers.number(number.rstrip(","))
        if letter:
            return letter.upper()
        sign = escaped or part.group(6) or ""
        if sign == "{" and not escaped and depth < 30:
            return self.words("}", depth + 1)
        if sign == "^":
            return self._power(depth)
        if sign == "_":
            link = {"lim": "as", "": "sub"}.get(self._operator, "from")
            closes = self._operator and self._peek_after_argument() != "^"
            below = self._argument(depth)
            self._operator = "" if closes else self._operator
            return f"{link} {below}" + (" of" if closes else "")
        return _SIGNS.get(sign, "")

    def _command(self, name: str, depth: int) -> str:
        if name in ("frac", "dfrac", "tfrac"):
            top, below = self._argument(depth), self._argument(depth)
            if top == "one" and below == "two":
                return "one half"
            return f"{top} over {below}"
        if name == "sqrt":
            root = self._bracketed(depth)
            kind = {"": "square root of", "three": "cube root of"}.get(root, f"{root} root of")
            return f"{kind} {self._argument(depth)}"
        if name == "binom":
            return f"{self._argument(depth)} choose {self._argument(depth)}"
        if name in ("text", "mathrm", "operatorname", "textbf", "mbox", "textit"):
            return self._text()
        if name in _TRANSPARENT:
            return ""
        if name in ("sum", "prod", "int", "lim"):
            self._operator = name if self._peek() in ("_", "^") else ""
            return _WORDS[name] + ("" if self._operator else " of")
        if name.lower() in _GREEK:
            return name.lower()
        return _WORDS.get(name, "")

    def _power(self, depth: int) -> str:
        operator = self._operator
        self._operator = ""
        value = self._argument(depth)
        if operator:
            return f"to {value} of"
        if value in ("two", "three"):
            return "squared" if value == "two" else "cubed"
        if value in ("degrees", "prime"):
            return value
        return f"to the power of {value}"

    def _argument(self, depth: int) -> str:
        if self._at >= len(self._parts):
            return ""
        part = self._parts[self._at]
        self._at += 1
        return self._part(part, depth + 1) if depth < 30 else ""

    def _bracketed(self, depth: int) -> str:
        if self._peek() != "[":
            return ""
        self._at += 1
        return self.words("]", depth + 1)

    def _text(self) -> str:
        if self._peek() != "{":
            return ""
        self._at += 1
        letters = ""
        last = -1
        while self._at < len(self._parts) and self._parts[self._at].group() != "}":
            part = self._parts[self._at]
            letters += (" " if last >= 0 and part.start() > last else "") + part.group()
            last = part.end()
            self._at += 1
        self._at += 1
        return " ".join(re.findall("[a-z]+", letters.lower()))

    def _peek_after_argument(self) -> str:
        """Return what stands behind the argument that comes next."""
        place, depth = self._at, 0
        while place < len(self._parts):
            sign = self._parts[place].group()
            depth += (sign == "{") - (sign == "}")
            place += 1
            if depth <= 0:
                break
        return self._parts[place].group() if place < len(self._parts) else ""

    def _peek(self) -> str:
        return self._parts[self._at].group() if self._at < len(self._parts) else ""


def latex_tokens(source: str) -> tuple[Token, ...]:
    """Return the tokens of a formula; none if nothing of it has words."""
    tokens = []
    for word in _Parser(source).words().split():
        single = len(word) == 1 and word.isupper()
        tokens.append(Token(word.lower(), "letter" if single else "maths", (0, 0), word))
    return tuple(tokens)
