// Whether the window is light or dark now: for what is drawn elsewhere and cannot follow by itself.
import type { Theme } from './api';

const DARK = '(prefers-color-scheme: dark)';

export class Ground {
  theme = $state<Theme>('light');

  /** Follows the system until the returned function is called. */
  follow(): () => void {
    const asked = window.matchMedia(DARK);
    const hear = () => (this.theme = asked.matches ? 'dark' : 'light');
    hear();
    asked.addEventListener('change', hear);
    return () => asked.removeEventListener('change', hear);
  }
}
