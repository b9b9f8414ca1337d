// The built pages over a made-up world, to be looked at: pages.html?world=usual&page=requests
import { mount } from 'svelte';
import '../src/app.css';
import App from '../src/App.svelte';
import { sample, type Kind } from './sample';

const asked = new URLSearchParams(location.search);
const kind = (asked.get('world') ?? 'usual') as Kind;
localStorage.setItem('weir.page', asked.get('page') ?? 'overview');
if (kind === 'first') localStorage.removeItem('weir.set-up');
else localStorage.setItem('weir.set-up', 'yes');

const target = document.getElementById('app');
if (target === null) throw new Error('pages.html has no #app');
const backend = sample(kind, Date.now());
Object.assign(window, { backend });
mount(App, { target, props: { backend } });
