"""The written folder renders a chat byte for byte as the host's template engine does.

Run: pytest tests/test_chat_templates.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
import vocabulary_fixtures as fixtures
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from sleeping_converters.tokenizer import write_tokenizer
from sleeping_plugin.records import Message
from sleeping_plugin.runtime import Runtime

Chat = list[dict[str, str]]

CHATML = """{% for message in messages %}
{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
"""
LLAMA_3 = """{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- set rules = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set rules = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" + rules + "<|eot_id|>" }}
{%- for m in messages %}
    {{- '<|start_header_id|>' + m['role'] + '<|end_header_id|>\\n\\n'+ m['content'] | trim }}
    {{- '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('There is no system role here') }}{% endif %}"
    "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must take turns') }}{% endif %}"
    "{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "{{ '<start_of_turn>' + role + '\\n' + m['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}"
)
PHI_3 = (
    "{% for m in messages %}{% if m['role'] in ['system', 'user', 'assistant'] %}"
    "{{'<|' + m['role'] + '|>' + '\n' + m['content'] + '<|end|>' + '\n'}}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
MISTRAL = """{%- set ns = namespace(rules='') %}
{%- for m in messages %}
    {%- if m.role == 'system' %}
        {%- set ns.rules = m.content + '\n\n' %}
    {%- elif m.role == 'user' %}
        {%- if loop.first or loop.index0 == 1 %}{{ bos_token }}{% endif %}
        {{- '[INST] ' + ns.rules + m.content + ' [/INST]' }}
        {%- set ns.rules = '' %}
    {%- else %}
        {{- ' ' + m.content + eos_token }}
    {%- endif %}
{%- endfor %}"""
ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>
' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>
'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
THINKING = """{#- the last reply alone keeps its thoughts #}
{%- macro turn(role, text) %}{{ '<|' ~ role ~ '|>' ~ text ~ '<|stop|>' }}{% endmacro %}
{%- for m in messages %}
  {%- if m.role == 'assistant' and '</think>' in m.content and not loop.last %}
    {{- turn(m.role, m.content.split('</think>')[-1].lstrip('\\n')) }}
  {%- else %}
    {%- generation %}{{ turn(m.role, m.content) }}{% endgeneration %}
  {%- endif %}
  {%- if loop.index > 40 %}{% break %}{% endif %}
{%- endfor %}
{%- if tools %}{{ tools | tojson }}{% endif %}
{%- if add_generation_prompt %}{{ '<|assistant|><think>\\n' }}{% endif %}"""
LISTING = (
    "{{ strftime_now('%Y') }}\r\n{% for m in messages %}\r\n"
    "  {{ {'role': m.role, 'text': m.content} | tojson(indent=2) }}{{ ',' if not loop.last }}\r\n"
    "{% endfor %}{{ messages | map(attribute='role') | join('é') }}\n"
)
TEMPLATES = {
    name.lower(): template
    for name, template in globals().copy().items()
    if name.isupper() and isinstance(template, str)
}


def chat(*turns: str) -> Chat:
    return [
        {"role": role, "content": content}
        for role, _, content in (turn.partition(":") for turn in turns)
    ]


CHATS = [
    chat("user:Hello"),
    chat("system:Be brief.\n", "user:  Who are you? \n"),
    chat("user:", "assistant:", "user: "),
    chat("user:1 < 2 && 'a' != \"b\" {{ bos_token }} {% raw %}", "assistant:</think> \n\n ok"),
    chat(
        "user:日本語 é \U0001f469\u200d\U0001f467", "assistant:<think>a</think>\n\n한국어", "user:?"
    ),
    chat("system:\ttabs\t", "user:<|im_end|>\r\n</s>[INST]", "assistant:<|end|>", "user:\x00\x7f"),
    chat("assistant:I begin", "user:odd", "user:twice"),
    chat(*(f"{role}:turn {i}" for i in range(6) for role in ("user", "assistant"))),
]


@pytest.fixture(scope="module")
def transformers() -> Any:
    return pytest.importorskip("transformers")


def rendered_by_transformers(tokenizer: Any, messages: Chat, prompt: bool) -> str | None:
    try:
        return str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)
        )
    except jinja2.TemplateError:
        return None


def rendered_by_host(formatter: Any, messages: Chat, prompt: bool) -> str | None:
    formatter.add_generation_prompt = prompt
    try:
        return str(formatter(messages=messages).prompt)
    except (jinja2.TemplateError, ValueError):
        return None


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_renders_as_in_the_host(name: str, transformers: Any, tmp_path: Path) -> None:
    tokens = [*fixtures.byte_letters(), "<s>", "</s>", "ab"]
    keys = fixtures.tokenizer_keys(
        model="gpt2",
        pre="gpt-2",
        tokens=tokens,
        merges=["a b"],
        token_type=fixtures.kinds(len(tokens), {256: 3, 257: 3}),
        bos_token_id=256,
        eos_token_id=257,
    )
    keys["tokenizer.chat_template"] = TEMPLATES[name]
    write_tokenizer(fixtures.write_gguf(tmp_path / "model.gguf", keys), tmp_path)
    assert (tmp_path / "chat_template.jinja").read_bytes() == TEMPLATES[name].encode()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    formatter = Jinja2ChatFormatter(TEMPLATES[name], eos_token="</s>", bos_token="<s>")
    refused = 0
    for messages in CHATS:
        for prompt in (True, False):
            expected = rendered_by_host(formatter, messages, prompt)
            assert rendered_by_transformers(tokenizer, messages, prompt) == expected
            refused += expected is None
    assert refused == (6 if name == "gemma" else 0)


def test_the_demo_model_renders_as_in_its_runtime(
    transformers: Any, smollm: Path, runtime: Runtime, tmp_path: Path
) -> None:
    write_tokenizer(smollm, tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    assert tokenizer.chat_template == runtime.info.chat_template
    for messages in CHATS:
        told = [Message(m["role"], m["content"]) for m in messages]
        for prompt in (True, False):
            text = runtime.render(told, prompt=prompt)
            assert rendered_by_transformers(tokenizer, messages, prompt) == text
        tokens = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=False
        )
        assert tokens == runtime.chat_tokens([told])[0]
