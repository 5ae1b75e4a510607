import { differenceSentence } from './conclusions.ts';
import { summarize } from './summary.ts';
import type { Comparison, Question } from './types.ts';

/** A question with what the finished rows say to it. */
export interface Answer {
  readonly question: Question;
  /** One for each contrast both of whose rows have run. */
  readonly sentences: readonly string[];
  /** Contrasts that wait for rows to come. */
  readonly open: number;
}

/** Answers from whatever rows are finished; questions without any yet say how much is open. */
export function answers(comparison: Comparison): Answer[] {
  return comparison.questions.map(question => {
    const sentences = question.contrasts.flatMap(({ first, second, adds }) => {
      const [a, b] = [first, second].map(row => summarize(comparison, [row])[0]);
      return a && b ? [`${sentenceCase(adds)}: ${differenceSentence(comparison, a, b)}`] : [];
    });
    return { question, sentences, open: question.contrasts.length - sentences.length };
  });
}

const sentenceCase = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
