// TypeScript's tokens, as far as the rules of the house need them: comments and the insides of strings are left out.

/** A token: a word, a number, a piece of punctuation, or a literal whose text is replaced by its quote. */
export interface Token {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const PUNCTUATION = /=>|\?\.|\.\.\.|[{}()[\];,<>:?=.&|!+\-*/%^~@#]/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const NUMBER = /\d[\w.]*/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /^(?:[({[,;:?=&|!<>+\-*/%^~]|=>|return|case|typeof|in|of)$/;

/** The tokens of a source text. A template's text is one token `\``, followed by the tokens of each `${...}`. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const templates: number[] = []; // for each open template, the depth of braces at its `${`
  let depth = 0, line = 1, at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? null;
  };
  const advance = (length: number): void => {
    for (let i = at; i < at + length; i++) if (text.charCodeAt(i) === 10) line++;
    at += length;
  };
  const template = (): void => {
    const match = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;
    match.lastIndex = at;
    const found = match.exec(text)!;
    advance(found[0].length);
    if (found[1] === "${") templates.push(depth++);
  };
  while (at < text.length) {
    const character = text[at]!;
    const comment = take(COMMENT);
    if (comment !== null) advance(comment.length);
    else if (/\s/.test(character)) advance(1);
    else if (character === "`") {
      tokens.push({ text: "`", line });
      advance(1);
      template();
    } else if (character === "}" && templates.at(-1) === depth - 1) {
      depth = templates.pop()!;
      advance(1);
      template();
    } else {
      const last = tokens.at(-1)?.text ?? ";";
      const regex = character === "/" && BEFORE_REGEX.test(last) ? take(REGEX) : null;
      const string = take(STRING);
      const literal = regex ?? string ?? take(WORD) ?? take(NUMBER) ?? take(PUNCTUATION) ?? character;
      if (literal === "{") depth++;
      if (literal === "}") depth--;
      tokens.push({ text: regex !== null ? "/" : string !== null ? '"' : literal, line });
      advance(literal.length);
    }
  }
  return tokens;
}
