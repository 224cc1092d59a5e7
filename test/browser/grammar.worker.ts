import { constrainedText } from './constrained-text.ts';

addEventListener('message', () => {
  void constrainedText().then(
    (answer) => postMessage(answer),
    (error: unknown) => postMessage(String(error)),
  );
});
