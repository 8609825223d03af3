import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Billing } from "./Billing.tsx";
import "./app.css";

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <Billing />
  </StrictMode>,
);
