import { mount } from 'svelte';
import App from './App.svelte';
import { connectBridge } from './bridge.ts';
import './style.css';

const target = document.getElementById('app');
if (target !== null) mount(App, { target, props: { connection: connectBridge() } });
