//! What assembly, self time, the critical path and the rows say of drawn, generated and huge traces.

mod assembly;
mod critical_path;
mod huge;
mod rows;
mod support;
