"""The second service, called over HTTP with the trace's context."""

from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from pydantic import BaseModel

from telemetry import set_up

set_up("tokenizer")
app = FastAPI()
FastAPIInstrumentor.instrument_app(app)


class Words(BaseModel):
    text: str


@app.post("/count")
def count(words: Words):
    return {"tokens": len(words.text.split())}
