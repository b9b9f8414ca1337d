// The real door: tauri's own channel between the window and the program.
import { invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { WindowView } from '../api';
import type { Backend } from './backend';

export const tauri: Backend = {
  view: () => invoke<WindowView>('view'),
  onView: (hear) => listen<WindowView>('view', (event) => hear(event.payload)),
  pause: (paused) => invoke('pause', { paused }),
  copyAddress: () => invoke('copy_address'),
  retry: () => invoke('retry'),
  quit: () => invoke('quit'),
};
