// Puts the page into the window and gives it the real door.
import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { tauri } from './backend/tauri';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target, props: { backend: tauri } });
