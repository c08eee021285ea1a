//! What spans have of one thing, shown row by row: for who counts it and needs no spans. It reads what the scan of the
//! same thing reads.

use formats::raw::{RawAttribute, RawValue};
use model::{SpanKind, StatusCode};

use crate::{
    Holder, Rows, SegmentError, SpanSegment, ValueType, attributes::raw_list_in_one, bytes::unzigzag, scan::is_one_of,
    spans_write::Column,
};

impl SpanSegment {
    /// Shows the values that these rows have of attributes with one of these keys, theirs or their events' or links', as
    /// they came; not in the order of the rows.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn visit_attributes<'a>(
        &'a self,
        holder: Holder,
        keys: &[&str],
        rows: &Rows,
        mut visit: impl FnMut(usize, RawValue<'a>),
    ) -> Result<(), SegmentError> {
        let mut failed = None;
        let first = self.first_value(holder as usize);
        for (number, of) in self.columns_of(holder, |key| is_one_of(keys, key)) {
            let times = self.times_of(holder, number - first);
            for (run, of_run) in self.runs() {
                if !rows.has_any_of(of_run.clone()) {
                    continue;
                }
                let values = self.values(number, of, run)?;
                self.visit_values(holder, run, &of_run, &times, |row, value| {
                    if !rows.contains(row) {
                        return;
                    }
                    if of != ValueType::List {
                        visit(row, values.raw(of, value));
                        return;
                    }
                    let mut list: Vec<RawAttribute<'_>> = Vec::new();
                    if let Err(error) = raw_list_in_one(values.text(value), &mut list) {
                        failed = Some(error);
                    }
                    let of_keys = list.into_iter().filter(|attribute| is_one_of(keys, attribute.key));
                    of_keys.for_each(|attribute| visit(row, attribute.value));
                })?;
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Shows the names of these rows, as they came.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn visit_names<'a>(&'a self, rows: &Rows, mut visit: impl FnMut(usize, &'a [u8])) -> Result<(), SegmentError> {
        for (run, of_run) in self.runs() {
            if !rows.has_any_of(of_run.clone()) {
                continue;
            }
            let names = self.texts(Column::Name, run)?;
            of_run.clone().filter(|row| rows.contains(*row)).for_each(|row| visit(row, names.get(row - of_run.start)));
        }
        Ok(())
    }

    /// Shows the names of the events of these rows, as they came.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn visit_event_names<'a>(
        &'a self,
        rows: &Rows,
        mut visit: impl FnMut(usize, &'a [u8]),
    ) -> Result<(), SegmentError> {
        for (run, of_run) in self.runs() {
            if !rows.has_any_of(of_run.clone()) {
                continue;
            }
            let names = self.texts(Column::EventName, run)?;
            self.visit_items(Some(Column::EventsOfSpan), run, &of_run, |row, event| {
                if rows.contains(row) {
                    visit(row, names.get(event));
                }
            })?;
        }
        Ok(())
    }

    /// Shows the resource and the scope of these rows, indexes in [`SpanSegment::resources`] and [`SpanSegment::scopes`].
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn visit_origins(&self, rows: &Rows, mut visit: impl FnMut(usize, u32, u32)) -> Result<(), SegmentError> {
        let pairs: Vec<(u32, u32)> = self.origins()?.pairs().collect();
        self.visit_numbers(Column::Origin, rows, |row, pair| {
            let pair = usize::try_from(pair).ok().and_then(|pair| pairs.get(pair)).copied();
            if let Some((resource, scope)) = pair {
                visit(row, resource, scope);
            }
        })
    }

    /// Shows the kinds of these rows.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn visit_kinds(&self, rows: &Rows, mut visit: impl FnMut(usize, SpanKind)) -> Result<(), SegmentError> {
        self.visit_numbers(Column::Kind, rows, |row, kind| visit(row, SpanKind(unzigzag(kind) as i32)))
    }

    /// Shows the status of these rows; it is unset where a span has none.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn visit_status(&self, rows: &Rows, mut visit: impl FnMut(usize, StatusCode)) -> Result<(), SegmentError> {
        self.visit_numbers(Column::Status, rows, |row, status| visit(row, crate::scan::status_code(status)))
    }

    fn visit_numbers(
        &self,
        column: Column,
        rows: &Rows,
        mut visit: impl FnMut(usize, u64),
    ) -> Result<(), SegmentError> {
        for (run, of_run) in self.runs() {
            if !rows.has_any_of(of_run.clone()) {
                continue;
            }
            self.ints(column, run)?.visit(of_run.len(), |row, number| {
                let row = of_run.start + row;
                if rows.contains(row) {
                    visit(row, number);
                }
            });
        }
        Ok(())
    }
}
