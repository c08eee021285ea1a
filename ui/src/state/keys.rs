//! Every key: one table is what the keyboard does, what the key sheet shows and what tooltips name.

use web_sys::KeyboardEvent;

/// Where a key means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On every screen.
    Anywhere,
    /// On the list of traces.
    Traces,
    /// In the search box.
    Search,
    /// On the picture of durations over time.
    Scatter,
    /// On a value beside the list, and in what floats.
    Values,
    /// On a trace.
    Trace,
}

impl Scope {
    /// The screen that it is on.
    #[must_use]
    pub fn screen(self) -> Self {
        match self {
            Self::Search | Self::Scatter | Self::Values => Self::Traces,
            other => other,
        }
    }

    /// Its title in the key sheet.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Traces => "Traces",
            Self::Search => "Search box",
            Self::Scatter => "Durations over time",
            Self::Values => "Values, menus",
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
        FocusSearch: "Search" = ["/"];
        ClearSearch: "Clear the search" = ["Shift+Backspace"];
        ErrorsOnly: "Only errors, or not" = ["e"];
        ShowSearches: "Recent and saved searches" = ["h"];
        SaveSearch: "Save the search" = ["Ctrl+s"];
        CopyLink: "Copy a link to the search" = ["y"];
        PickRange: "Time range" = ["r"];
        Pause: "Pause, resume" = ["p"];
        ShowNewer: "Bring newer traces in" = ["n"];
        StopSearch: "Stop searching, go on" = ["."];
        FocusScatter: "Durations over time" = ["d"];
        ToggleFacets: "Show, hide the values" = ["f"];
        GroupBy: "Group by a key" = ["g"];
        PickColumns: "Columns" = ["c"];
        SortByStart: "Sort by start" = ["1"];
        SortByDuration: "Sort by duration" = ["2"];
        SortBySpans: "Sort by spans" = ["3"];
        SortByErrors: "Sort by errors" = ["4"];
        NextTrace: "Next" = ["ArrowDown", "j"];
        PreviousTrace: "Previous" = ["ArrowUp", "k"];
        FirstTrace: "First" = ["Home"];
        LastTrace: "Last" = ["End"];
        PageOfTracesDown: "Page down" = ["PageDown"];
        PageOfTracesUp: "Page up" = ["PageUp"];
        OpenTrace: "Open" = ["Enter"];
        PickTrace: "Pick the trace, or not" = [" "];
        PickDown: "Pick, and to the next" = ["Shift+ArrowDown"];
        PickUp: "Pick, and to the previous" = ["Shift+ArrowUp"];
        ExportPicked: "Export what is picked" = ["x"];
        PinPicked: "Keep what is picked, or the trace, for ever, or not" = ["Shift+p"];
        ShowDifferences: "What is different about what is selected" = ["w"];
    }
    Search {
        Complete: "Complete, or insert what is chosen" = ["Tab"];
        RunSearch: "Search now" = ["Enter"];
        AskCompletions: "What may stand here" = ["Ctrl+ "];
        ChooseNext: "Choose the next" = ["ArrowDown"];
        ChoosePrevious: "Choose the one before; recent searches" = ["ArrowUp"];
        CloseCompletions: "Close, leave" = ["Escape"];
    }
    Scatter {
        ScatterLeft: "Earlier" = ["ArrowLeft"];
        ScatterRight: "Later" = ["ArrowRight"];
        ScatterUp: "Longer" = ["ArrowUp"];
        ScatterDown: "Shorter" = ["ArrowDown"];
        ScatterNextDot: "Next dot" = ["."];
        ScatterPreviousDot: "Dot before" = [","];
        ScatterExtendLeft: "Select, earlier" = ["Shift+ArrowLeft"];
        ScatterExtendRight: "Select, later" = ["Shift+ArrowRight"];
        ScatterExtendUp: "Select, longer" = ["Shift+ArrowUp"];
        ScatterExtendDown: "Select, shorter" = ["Shift+ArrowDown"];
        ScatterOpen: "Open the newest trace here" = ["Enter"];
        ScatterSearch: "Search what is selected" = ["s"];
        ScatterDifferences: "What is different about these" = ["w"];
        ScatterLeave: "Drop the selection, leave" = ["Escape"];
    }
    Values {
        NextValue: "Next" = ["ArrowDown"];
        PreviousValue: "Previous" = ["ArrowUp"];
        IncludeValue: "Only traces with it, or any" = ["Enter"];
        ExcludeValue: "Only traces without it" = ["-", "Alt+Enter"];
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
    own_action_of(screen, chord).or_else(|| own_action_of(Scope::Anywhere, chord))
}

/// What a chord does in a part of a screen, before the screen is asked.
#[must_use]
pub fn own_action_of(scope: Scope, chord: &str) -> Option<Action> {
    BINDINGS
        .iter()
        .find(|binding| binding.scope == scope && binding.keys.contains(&chord))
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
        " " => "Space".to_owned(),
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
        for screen in [Scope::Traces, Scope::Search, Scope::Scatter, Scope::Values, Scope::Trace] {
            // The parts of a screen come before what works anywhere.
            let has_all = matches!(screen, Scope::Traces | Scope::Trace);
            let here: Vec<_> = BINDINGS
                .iter()
                .filter(|binding| binding.scope == screen || (has_all && binding.scope == Scope::Anywhere))
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
