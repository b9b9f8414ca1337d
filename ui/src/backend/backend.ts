// The one door to the program behind the window. Nothing else in ui/ may talk to it.
import type { WindowView } from '../api';

export interface Backend {
  /** What the window shows now. */
  view(): Promise<WindowView>;
  /** Hears every later view, at most twice a second; call what it returns to stop. */
  onView(hear: (view: WindowView) => void): Promise<() => void>;
  /** Passes everything through to where it asked, or routes again. */
  pause(paused: boolean): Promise<void>;
  /** Puts the proxy's address on the clipboard. */
  copyAddress(): Promise<void>;
  /** Tries to start or reach the engine again. */
  retry(): Promise<void>;
  /** Ends the tray application. */
  quit(): Promise<void>;
}

/** What a failed call says, whatever was thrown. */
export function faultOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    return String(thrown.message);
  }
  return String(thrown);
}
