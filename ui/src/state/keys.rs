//! Every key: one table is what the keyboard does, what the key sheet shows and what tooltips name.

use web_sys::KeyboardEvent;

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On every screen.
    Anywhere,
    /// On the list of traces.
    Traces,
    /// On a trace.
    Trace,
}

impl Scope {
    /// Its title in the key sheet.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Traces => "List of traces",
            Self::Trace => "Timeline and panel",
        }
    }
}

macro_rules! bindings {
    ($($scope:ident { $($action:ident: $name:literal = $keys:expr;)* })*) => {
        /// What a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(
                #[doc = $name]
                $action,
            )*)*
        }

        /// All bindings, in the order of the key sheet.
        pub const BINDINGS: &[Binding] = &[
            $($(Binding { scope: Scope::$scope, action: Action::$action, name: $name, keys: &$keys },)*)*
        ];
    };
}

bindings! {
    Anywhere {
        ShowKeys: "These keys" = ["?"];
        Back: "Back, close" = ["Escape", "Alt+ArrowLeft"];
        ShowSettings: "Settings" = ["Ctrl+,"];
        NextTheme: "Theme: system, light, dark" = ["Ctrl+Shift+l"];
    }
    Traces {
        FocusFilter: "Filter" = ["/"];
        ErrorsOnly: "Only traces with errors" = ["e"];
        Pause: "Pause, resume" = ["p"];
        ShowNewer: "Bring newer traces in" = ["n"];
        NextTrace: "Next" = ["ArrowDown", "j"];
        PreviousTrace: "Previous" = ["ArrowUp", "k"];
        FirstTrace: "First" = ["Home"];
        LastTrace: "Last" = ["End"];
        PageOfTracesDown: "Page down" = ["PageDown"];
        PageOfTracesUp: "Page up" = ["PageUp"];
        OpenTrace: "Open" = ["Enter"];
    }
    Trace {
        NextSpan: "Next span" = ["ArrowDown", "j"];
        PreviousSpan: "Previous span" = ["ArrowUp", "k"];
        FirstSpan: "First span" = ["Home"];
        LastSpan: "Last span" = ["End"];
        PageOfSpansDown: "Page down" = ["PageDown"];
        PageOfSpansUp: "Page up" = ["PageUp"];
        ExpandSpan: "Open the span, to its first child" = ["ArrowRight"];
        CollapseSpan: "Close the span, to its parent" = ["ArrowLeft"];
        ExpandBelow: "Open everything below" = ["*"];
        ExpandAll: "Open everything" = ["Shift+ArrowRight"];
        CollapseAll: "Close everything" = ["Shift+ArrowLeft"];
        ParentSpan: "Parent" = ["u"];
        NextError: "Next error" = ["e"];
        PreviousError: "Previous error" = ["Shift+e"];
        FindInTrace: "Find in this trace" = ["/", "Ctrl+f"];
        NextHit: "Next hit" = ["F3", "Ctrl+g"];
        PreviousHit: "Previous hit" = ["Shift+F3", "Ctrl+Shift+g"];
        ZoomToSpan: "Zoom to the span" = ["z"];
        ZoomIn: "Zoom in" = ["+", "="];
        ZoomOut: "Zoom out" = ["-"];
        PanLeft: "Pan left" = ["["];
        PanRight: "Pan right" = ["]"];
        WholeTrace: "Whole trace" = ["0"];
        CriticalPath: "Critical path" = ["c"];
        SelfTime: "Self time" = ["s"];
        TogglePanel: "Show, hide the panel" = ["i"];
        FilterAttributes: "Filter attributes" = ["a"];
        CopyTraceId: "Copy the trace id" = ["y"];
        PinTrace: "Keep the trace for ever, or not" = ["p"];
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Where.
    pub scope: Scope,
    /// What.
    pub action: Action,
    /// What, in words.
    pub name: &'static str,
    /// Chords that do it, see [`chord`]; the first is the one that tooltips name.
    pub keys: &'static [&'static str],
}

/// What a chord does on a screen: its own keys, then those that work anywhere.
#[must_use]
pub fn action_of(screen: Scope, chord: &str) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| (binding.scope == screen || binding.scope == Scope::Anywhere) && binding.keys.contains(&chord))
        .map(|binding| binding.action)
}

/// The keys of an action as people read them, for a tooltip: `Errors only (E)`.
#[must_use]
pub fn hint(action: Action) -> String {
    let keys = BINDINGS.iter().find(|binding| binding.action == action).and_then(|binding| binding.keys.first());
    keys.map_or_else(String::new, |chord| caps(chord).join(" "))
}

/// The chord of a key press: modifiers, then the key; letters in lower case, with `Shift` named
/// only for letters and for keys that have a name.
#[must_use]
pub fn chord(event: &KeyboardEvent) -> String {
    chord_of(&event.key(), event.ctrl_key() || event.meta_key(), event.alt_key(), event.shift_key())
}

fn chord_of(key: &str, has_ctrl: bool, has_alt: bool, has_shift: bool) -> String {
    let mut chord = String::new();
    if has_ctrl {
        chord.push_str("Ctrl+");
    }
    if has_alt {
        chord.push_str("Alt+");
    }
    let is_symbol = key.chars().count() == 1 && !key.chars().all(char::is_alphabetic);
    if has_shift && !is_symbol {
        chord.push_str("Shift+");
    }
    if key.chars().count() == 1 {
        chord.push_str(&key.to_ascii_lowercase());
    } else {
        chord.push_str(key);
    }
    chord
}

/// The caps of a chord as they are drawn: `Ctrl`, `↓`, `E`.
#[must_use]
pub fn caps(chord: &str) -> Vec<String> {
    let (modifiers, key) = match chord.rsplit_once('+') {
        Some((modifiers, key)) if !key.is_empty() => (modifiers.split('+').collect(), key),
        _ => (Vec::new(), chord),
    };
    let cap = match key {
        "ArrowUp" => "↑".to_owned(),
        "ArrowDown" => "↓".to_owned(),
        "ArrowLeft" => "←".to_owned(),
        "ArrowRight" => "→".to_owned(),
        "Escape" => "Esc".to_owned(),
        "Enter" => "↵".to_owned(),
        "PageDown" => "Page ↓".to_owned(),
        "PageUp" => "Page ↑".to_owned(),
        "-" => "−".to_owned(),
        key if key.len() == 1 => key.to_ascii_uppercase(),
        key => key.to_owned(),
    };
    modifiers.into_iter().map(str::to_owned).chain([cap]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for screen in [Scope::Traces, Scope::Trace] {
            let here: Vec<_> = BINDINGS
                .iter()
                .filter(|binding| binding.scope == screen || binding.scope == Scope::Anywhere)
                .flat_map(|binding| binding.keys.iter().map(move |key| (*key, binding.name)))
                .collect();
            for (index, (key, name)) in here.iter().enumerate() {
                for (other_key, other_name) in &here[index + 1..] {
                    assert!(key != other_key, "{key} is both “{name}” and “{other_name}”");
                }
            }
        }
    }

    #[test]
    fn every_binding_can_be_pressed() {
        for binding in BINDINGS {
            assert!(!binding.keys.is_empty(), "{} has no key", binding.name);
            for key in binding.keys {
                let parts: Vec<_> = key.split('+').collect();
                let has = |modifier| parts.len() > 1 && parts.contains(&modifier);
                let last = if *key == "+" { "+" } else { parts.last().copied().unwrap_or_default() };
                let pressed = chord_of(last, has("Ctrl"), has("Alt"), has("Shift"));
                assert_eq!(&pressed, key, "no key press yields the chord of {}", binding.name);
            }
        }
    }

    #[test]
    fn chords_are_written_as_people_read_them() {
        assert_eq!(chord_of("E", false, false, true), "Shift+e");
        assert_eq!(chord_of("?", false, false, true), "?");
        assert_eq!(caps("Ctrl+Shift+g"), ["Ctrl", "Shift", "G"]);
        assert_eq!(caps("+"), ["+"]);
        assert_eq!(caps("-"), ["−"]);
        assert_eq!(hint(Action::PreviousError), "Shift E");
    }
}
