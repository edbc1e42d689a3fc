export interface WrittenAnswer {
  /** What the user's words have to be about. */
  readonly about: RegExp;
  readonly answer: string;
}

/** What the embedded upstream can talk about; the first that fits answers. */
export const ANSWERS: readonly WrittenAnswer[] = [
  {
    about: /\b(joke|funny|laugh)\b/i,
    answer:
      'A streamed completion walks into a bar. The bartender asks: "What will it be?"\n\n"I" — "would" — "like" — "a" — "beer" — "."\n\n"And how do I know that you are finished?"\n\n"data: [DONE]"',
  },
  {
    about: /\b(code|example|snippet|function|typescript|controller)\b/i,
    answer:
      "A controller that answers with a completion:\n\n```ts\n@Controller()\nexport class ChatController {\n  constructor(private readonly llm: LlmService) {}\n\n  @Post('chat')\n  chat(@Body() body: ChatBody, @ClientSignal() signal: AbortSignal) {\n    return this.llm.completion(body, { signal });\n  }\n}\n```\n\nThe signal ends the call when the browser leaves, so nobody pays for words that nobody reads.",
  },
  {
    about: /\b(long|essay|story|everything|detail(s|ed)?)\b/i,
    answer: [
      'This is a long answer, so there is time to press Stop.',
      'Every word that you see here took the whole way: this process wrote it as a provider would, to a socket on the loopback device; the HTTP session of the module read it from there; a decoder cut the bytes into events; a queue held the pieces until the browser asked for them; and your browser is putting them on the page.',
      'Press Stop at any moment and watch the monitor. The browser closes its connection, the server notices, the call is aborted, and the socket to the upstream is closed: in that order, and within milliseconds. The same happens when you close the tab, and it happens as well when the upstream has gone silent in the middle of a sentence. That is the case that is easily forgotten, because then there is no next piece whose delivery could fail.',
      'Why does it matter? A model that streams is billed for what it writes, not for what somebody reads. A gateway that goes on reading for a browser that left pays for the rest of the answer, holds a socket, and holds a place in the pool that another user is waiting for. On a quiet day nobody notices. On the day when everybody reloads the page, because the provider is slow, it is what turns slow into down.',
      'The session deserves a paragraph of its own. It is one object, and the application owns it: how many connections there are, how long an idle one is kept, which proxy is used, which certificates are trusted. Whatever calls a provider does so over that object, so a setting that is made once holds everywhere, and a counter that is read once tells the whole truth.',
      'And since this is a long answer: connections are reused. Ask something else after this and look at the time that "connected" takes. The first call had to open a socket. The next one finds it open.',
      'That is all. You could have pressed Stop, and you did not: thank you for reading to the end.',
    ].join('\n\n'),
  },
  {
    about: /\b(session|agent|pool|socket|connection|proxy|undici)s?\b/i,
    answer:
      'Everything that leaves this process for a provider goes over one HTTP session: an undici Agent. Here the module made it, so the module closes it; bring your own as HTTP_SESSION, and it stays yours.\n\nThe monitor on this page shows its connections and the calls that run over it. Ask me something long in two tabs and watch it.',
  },
  {
    about: /\b(nestjs-?llm|this (app|sample|page|library|package)|who are you|what are you|what is this)\b/i,
    answer:
      'nestjs-llm is a NestJS module for LLM completions: one call for every provider, over an HTTP session that the application owns.\n\nI am the upstream that this sample starts when it has no key: a real HTTP server in the same process, with written answers. Set OPENAI_API_KEY, or LLM_MODEL=ollama/llama3.2, and start again to talk to a real model.',
  },
  {
    about: /^\W*(hi|hello|hey|good (morning|afternoon|evening)|greetings)\b/i,
    answer:
      'Hello! I am the embedded upstream of this sample: no key, no network, written answers. Ask me about the session, for a joke, for some code, or for something long that you can stop.',
  },
  {
    about: /\b(thanks|thank you|bye|goodbye)\b/i,
    answer: 'You are welcome. Close the tab whenever you like: whatever is still running stops with it.',
  },
];

const QUOTED_LENGTH = 200;

/** The answer to everything else takes up the user's words. */
export function fallbackAnswer(words: string): string {
  const text = words.trim();
  if (text === '') return 'There were no words in that message, so I have none to answer it with.';
  const quote = text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}…` : text;
  return `You said: "${quote}"\n\nI would have an opinion on that if I were a model. I am the embedded upstream, which only knows written answers: try "hello", "what is the session?", "tell me a joke", "show me some code" or "something long".`;
}
