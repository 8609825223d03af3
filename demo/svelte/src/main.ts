import { mount } from "svelte";
import Billing from "./Billing.svelte";
import "./app.css";

mount(Billing, { target: document.getElementById("app") as HTMLElement });
