//! Whether a value fits what it is compared with.

use crate::{
    Field, Intrinsic, Literal, Operator,
    field::Kind,
    literal::{Moment, Value},
};

/// What becomes of a literal beside this field; a sentence where it does not fit.
pub(crate) fn fit(field: &Field, operator: Operator, literal: Literal) -> Result<Literal, String> {
    let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
    let sign = operator.text();
    let Literal { written, value } = literal;
    let kept = |value| Ok(Literal { written: written.clone(), value });
    let Field::Intrinsic(intrinsic) = field else {
        return match value {
            // An attribute is no point in time.
            Value::Moment(_) if !is_order => Ok(Literal::of_text(&written)),
            Value::Text | Value::Bool(_) | Value::Moment(_) if is_order => {
                Err(format!("{sign} compares numbers: write a number, a duration (200ms) or a size (4KB) after it"))
            }
            value => kept(value),
        };
    };
    let name = intrinsic.name();
    match (intrinsic.kind(), &value) {
        (Kind::Text, _) if is_order => Err(format!("{name} is a text: compare it with =, != or ~")),
        (Kind::Text, _) => Ok(Literal::of_text(&written)),
        (Kind::OneOf(names), _) => {
            let known = names.iter().find(|known| known.eq_ignore_ascii_case(&written));
            match known {
                Some(known) if !is_order => Ok(Literal::of_text(known)),
                Some(_) => Err(format!("{name} is one of a few names: compare it with =, != or in")),
                None => Err(format!("{name} is one of {}", names.join(", "))),
            }
        }
        (Kind::Yes, Value::Bool(_)) if !is_order => kept(value),
        (Kind::Yes, _) => Err(format!("{name} is true or false: write {name} or {name} = false")),
        (Kind::Duration, Value::Duration(_)) => kept(value),
        (Kind::Duration, Value::Int(0)) => Ok(Literal { written: "0s".to_owned(), value: Value::Duration(0) }),
        (Kind::Duration, Value::Int(_) | Value::Double(_)) => {
            Err(format!("{written} of what? write a unit: {written}ms, {written}s"))
        }
        (Kind::Duration, _) => Err(format!("{name} is a duration: write 200ms or 1.5s")),
        (Kind::Time, Value::Moment(_)) => kept(value),
        (Kind::Time, Value::Text) if written == "now" => kept(Value::Moment(Moment::Ago(0))),
        (Kind::Time, Value::Duration(_)) => Err(format!("for {written} ago write -{written}")),
        (Kind::Time, _) => Err(format!("{name} is a time: write -15m or 2026-11-25T10:00:00Z")),
        (Kind::Count, Value::Int(_) | Value::Double(_)) => kept(value),
        (Kind::Count, _) => Err(format!("{name} is a number")),
    }
}

/// Why a part of the text is not looked for in this field.
pub(crate) fn has_text(field: &Field) -> Result<(), String> {
    match field {
        Field::Intrinsic(intrinsic) if !matches!(intrinsic.kind(), Kind::Text) => {
            Err(format!("{} is no text: compare it with =, > or <", intrinsic.name()))
        }
        _ => Ok(()),
    }
}

/// Why this field is no number that is summed or the like.
pub(crate) fn has_number(field: &Field) -> Result<(), String> {
    match field {
        Field::Intrinsic(Intrinsic::Duration | Intrinsic::SelfTime) | Field::Attribute { .. } => Ok(()),
        Field::Intrinsic(intrinsic) => {
            Err(format!("{} is no number of a span: write duration, self_time or an attribute", intrinsic.name()))
        }
    }
}

/// What becomes of a literal beside an aggregate over this field; `None`: a count.
pub(crate) fn fit_aggregate(field: Option<&Field>, literal: Literal) -> Result<Literal, String> {
    match (field, &literal.value) {
        (Some(Field::Intrinsic(Intrinsic::Duration | Intrinsic::SelfTime)), _) => {
            fit(&Field::Intrinsic(Intrinsic::Duration), Operator::Greater, literal)
        }
        // What else is wrong with such a field is said of the field.
        (Some(Field::Intrinsic(_)), _) | (_, Value::Int(_) | Value::Double(_)) => Ok(literal),
        (Some(_), Value::Duration(_) | Value::Bytes(_)) => Ok(literal),
        _ => Err("write a number after it".to_owned()),
    }
}
