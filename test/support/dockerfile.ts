export interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

/** Reads the stages of a Dockerfile: comments dropped, continued lines joined, flags left in the instruction's text. */
export function parseDockerfile(source: string): Stage[] {
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  const lines = source
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  for (const line of lines) {
    const [, keyword = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (keyword === '') throw new Error(`not an instruction: ${line}`);
    if (keyword === 'FROM') {
      const [, base = '', name = ''] = /^(\S+) AS (\S+)$/.exec(text) ?? [];
      stages.push({ name, base, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ keyword, text: text.trim() });
    }
  }
  return stages;
}

/** A stage's instructions with those of the stages it builds on before them. */
export function inherited(stages: readonly Stage[], stage: Stage): Instruction[] {
  const base = stages.find((candidate) => candidate.name === stage.base);
  return [...(base === undefined ? [] : inherited(stages, base)), ...stage.instructions];
}

/** The environment a container of this stage starts with, as far as the Dockerfile sets it. */
export function environmentOf(stages: readonly Stage[], stage: Stage): Record<string, string> {
  const pairs = inherited(stages, stage)
    .filter((instruction) => instruction.keyword === 'ENV')
    .flatMap((instruction) => instruction.text.split(/\s+/))
    .map((pair) => pair.split('=') as [string, string]);
  return Object.fromEntries(pairs);
}
