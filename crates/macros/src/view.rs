//! Markup to calls of the UI's `dom` module.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use rstml::node::{KeyedAttribute, KeyedAttributeValue, Node, NodeAttribute, NodeBlock, NodeElement};
use syn::{Expr, ExprLit, Lit, Stmt, spanned::Spanned};

/// Markup to an expression of the type `crate::dom::View`.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let nodes = match rstml::parse2(tokens) {
        Ok(nodes) => nodes,
        Err(error) => return error.to_compile_error(),
    };
    match nodes.as_slice() {
        [Node::Element(element)] => {
            let element = element_of(element);
            quote!(crate::dom::View::from(#element))
        }
        nodes => {
            let children = nodes.iter().map(child_of);
            quote!(crate::dom::View::new() #(.child(#children))*)
        }
    }
}

/// Between the parts of an element that are known when it is compiled: its tag, then names and values
/// of attributes in turn. One text is a third of the size of a table.
const SEPARATOR: char = '\u{1f}';

/// What a handler of an event is handed (UI Events, Pointer Events).
fn event_type(name: &str) -> &'static str {
    match name {
        "click" | "dblclick" => "MouseEvent",
        "keydown" | "keyup" => "KeyboardEvent",
        "wheel" => "WheelEvent",
        name if name.starts_with("pointer") => "PointerEvent",
        _ => "Event",
    }
}

fn error(span: Span, message: &str) -> TokenStream {
    syn::Error::new(span, message).to_compile_error()
}

fn child_of(node: &Node) -> TokenStream {
    match node {
        Node::Element(element) => element_of(element),
        Node::Text(text) => text.value.to_token_stream(),
        Node::Block(NodeBlock::ValidBlock(block)) => match block.stmts.as_slice() {
            [Stmt::Expr(expression, None)] => expression.to_token_stream(),
            _ => block.to_token_stream(),
        },
        other => error(other.span(), "view! takes elements, \"texts\" and {expressions}"),
    }
}

fn element_of(element: &NodeElement<rstml::Infallible>) -> TokenStream {
    let name = element.name().to_string();
    if name.starts_with(|first: char| first.is_ascii_uppercase()) {
        return error(element.name().span(), "a part of a page is a function: {part(…)}");
    }
    let mut known = name.clone();
    let mut calls = Vec::new();
    for attribute in element.attributes() {
        match attribute {
            NodeAttribute::Attribute(attribute) => match known_value(attribute) {
                Some(value) => {
                    for part in [&attribute.key.to_string(), &value] {
                        known.push(SEPARATOR);
                        known.push_str(part);
                    }
                }
                None => calls.push(call_of(attribute)),
            },
            NodeAttribute::Block(block) => calls.push(error(block.span(), "an attribute has a name")),
        }
    }
    let children = element.children.iter().map(child_of);
    quote!(crate::dom::Element::new(#known) #(#calls)* #(.child(#children))*)
}

/// The text of an attribute that is known when it is compiled.
fn known_value(attribute: &KeyedAttribute) -> Option<String> {
    if attribute.key.to_string().contains(':') {
        return None;
    }
    match attribute.value() {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.value()),
        None if matches!(attribute.possible_value, KeyedAttributeValue::None) => Some(String::new()),
        _ => None,
    }
}

fn call_of(attribute: &KeyedAttribute) -> TokenStream {
    let key = attribute.key.to_string();
    let Some(value) = attribute.value() else {
        return error(attribute.key.span(), "what is its value?");
    };
    match key.split_once(':') {
        Some(("on", name)) => {
            let event = syn::Ident::new(event_type(name), attribute.key.span());
            quote!(.on::<::web_sys::#event>(#name, #value))
        }
        Some(("class", name)) => quote!(.class(#name, #value)),
        Some(("style", name)) => quote!(.style(#name, #value)),
        Some(("prop", name)) => quote!(.property(#name, #value)),
        Some(_) => error(attribute.key.span(), "prefixes are on, class, style and prop"),
        None if key == "node_ref" => quote!(.node_ref(#value)),
        // A name that is no identifier, such as `--width`, stands in a pair.
        None if key == "style" => match value {
            Expr::Tuple(pair) if pair.elems.len() == 2 => {
                let (name, value) = (&pair.elems[0], &pair.elems[1]);
                quote!(.style(#name, #value))
            }
            _ => error(value.span(), "style=(\"name\", value)"),
        },
        None => quote!(.attribute(#key, #value)),
    }
}
