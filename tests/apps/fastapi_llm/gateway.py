"""The first service: an LLM gateway with a database, a background task and a second operation."""

import logging
import os
import time

import httpx
from fastapi import BackgroundTasks, FastAPI, HTTPException
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from telemetry import set_up

set_up("llm-gateway")
log = logging.getLogger("gateway")
tracer = trace.get_tracer("gateway")
generated = metrics.get_meter("gateway").create_counter("gateway.generated", unit="{request}")

engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
SQLAlchemyInstrumentor().instrument(engine=engine)
with engine.begin() as connection:
    connection.execute(text("CREATE TABLE answers (id INTEGER PRIMARY KEY, prompt TEXT, tokens INTEGER)"))

app = FastAPI()
FastAPIInstrumentor.instrument_app(app)
TOKENIZER = os.environ["TOKENIZER_URL"]


class Prompt(BaseModel):
    prompt: str
    model: str = "small-1"
    provider: str = "acme"


class Colony(BaseModel):
    name: str
    user_id: str
    organization_id: str
    template: str = "plain"


class ColonyCollapsed(RuntimeError):
    pass


def keep_statistics(tokens: int) -> None:
    with tracer.start_as_current_span("keep_statistics") as span:
        span.set_attribute("tokens", tokens)
        time.sleep(0.002)


@app.post("/generate")
def generate(prompt: Prompt, background: BackgroundTasks):
    with tracer.start_as_current_span("llm_generate") as span:
        span.set_attribute("provider", prompt.provider)
        span.set_attribute("model", prompt.model)
        span.set_attribute("prompt_length", len(prompt.prompt))
        counted = httpx.post(f"{TOKENIZER}/count", json={"text": prompt.prompt}).json()["tokens"]
        answer = f"You said: {prompt.prompt}"
        span.set_attribute("response_length", len(answer))
        span.set_attribute("input_tokens", counted)
        span.set_attribute("output_tokens", counted + 2)
        log.info("generated %d tokens with %s", counted + 2, prompt.model)
        with engine.begin() as connection:
            connection.execute(
                text("INSERT INTO answers (prompt, tokens) VALUES (:prompt, :tokens)"),
                {"prompt": prompt.prompt, "tokens": counted},
            )
    generated.add(1, {"model": prompt.model})
    background.add_task(keep_statistics, counted)
    return {"answer": answer}


@app.post("/colonies")
def create_colony(colony: Colony):
    with tracer.start_as_current_span("colony_creation") as span:
        span.set_attribute("colony.name", colony.name)
        span.set_attribute("user.id", colony.user_id)
        span.set_attribute("organization.id", colony.organization_id)
        span.set_attribute("colony.template", colony.template)
        if colony.template == "seasonal":
            time.sleep(0.3)
        try:
            if colony.name == "doomed":
                raise ColonyCollapsed(f"colony {colony.name} collapsed before it began")
        except ColonyCollapsed as error:
            log.error("colony %s failed", colony.name)
            span.record_exception(error)
            span.set_status(trace.Status(trace.StatusCode.ERROR, str(error)))
            raise HTTPException(500, "colony collapsed") from error
    return {"name": colony.name}
