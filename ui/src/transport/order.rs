/// Puts numbered messages back into order. Indices count from 0; a message that is no event still
/// takes its place.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    next: u64,
    waiting: Vec<(u64, Option<Vec<u8>>)>,
}

impl InOrder {
    /// Takes a message in and returns those whose turn it is.
    pub(super) fn push(&mut self, index: u64, message: Option<Vec<u8>>) -> Vec<Option<Vec<u8>>> {
        if index >= self.next {
            self.waiting.push((index, message));
        }
        let mut ready = Vec::new();
        while let Some(at) = self.waiting.iter().position(|(index, _)| *index == self.next) {
            self.next += 1;
            ready.push(self.waiting.swap_remove(at).1);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_overtook_each_other_come_in_order_and_once() {
        let mut order = InOrder::default();
        let message = |byte| Some(vec![byte]);
        assert_eq!(order.push(1, message(1)), []);
        assert_eq!(order.push(2, None), []);
        assert_eq!(order.push(0, message(0)), [message(0), message(1), None]);
        assert_eq!(order.push(0, message(9)), []);
        assert_eq!(order.push(3, message(3)), [message(3)]);
    }
}
