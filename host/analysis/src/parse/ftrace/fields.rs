//! Fields of a probe's event: `session=2 ret=0 p0={0x1,0x5,0x0} comm="drm-player"`.

use teeleak_proto::{Uuid, client::head::word};

use crate::{model::CallParam, parse::strace::number};

/// Fields of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fields<'t>(pub(super) &'t str);

/// Parameters of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Params {
    /// As in `TEEC_PARAM_TYPES()`.
    pub(super) types: u32,
    /// Two words for each parameter: a value, or offset and size of memory.
    pub(super) words: [(u64, u64); 4],
}

/// The name of the task comes last, since it may look like any other field.
const LAST: &str = "comm=";

/// Bits of the attributes with a parameter's type (`TEE_IOCTL_PARAM_ATTR_TYPE_MASK`) and its use
/// (`TEE_IOCTL_PARAM_ATTR_META`), of Linux include/uapi/linux/tee.h.
const ATTR: (u64, u64) = (0xff, 0x100);

impl<'t> Fields<'t> {
    fn value(&self, name: &str) -> Option<&'t str> {
        let words = self.0.split(' ').take_while(|word| !word.starts_with(LAST));
        let mut values = words.filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        values.next()
    }

    /// An unsigned number.
    pub(super) fn word(&self, name: &str) -> Option<u32> {
        number(self.value(name)?)?.try_into().ok()
    }

    /// Return value of a kernel function.
    pub(super) fn code(&self, name: &str) -> Option<i32> {
        self.value(name)?.parse().ok()
    }

    fn array<const N: usize>(&self, name: &str) -> Option<[u64; N]> {
        let list = self.value(name)?.strip_prefix('{')?.strip_suffix('}')?;
        let mut values = [0; N];
        let mut numbers = list.split(',');
        for to in &mut values {
            *to = number(numbers.next()?)?;
        }
        numbers.next().is_none().then_some(values)
    }

    pub(super) fn uuid(&self) -> Option<Uuid> {
        let bytes: [u64; 16] = self.array("uuid")?;
        let mut uuid = [0; 16];
        for (to, byte) in uuid.iter_mut().zip(bytes) {
            *to = byte.try_into().ok()?;
        }
        Some(Uuid(uuid))
    }

    /// The first `n` parameters; `None` if they are invalid.
    pub(super) fn params(&self, n: u32) -> Option<Params> {
        let mut params = Params::default();
        let names = ["p0", "p1", "p2", "p3"];
        for (at, name) in names.iter().enumerate().take(n.try_into().ok()?) {
            let [attr, a, b] = self.array(name)?;
            let kind = u32::try_from(attr & ATTR.0).ok()?;
            if attr & !(ATTR.0 | ATTR.1) != 0 || !matches!(kind, 0..=3 | 5..=7) {
                return None;
            }
            params.types |= kind << (4 * at);
            params.words[at] = (a, b);
        }
        Some(params)
    }

    /// Name of the task.
    pub(super) fn comm(&self) -> Option<&'t str> {
        let position = self.0.find(&format!(" {LAST}"))?;
        let quoted_name = self.0[position + 1 + LAST.len()..].strip_prefix('"')?;
        Some(quoted_name.strip_suffix('"').unwrap_or(quoted_name))
    }
}

impl Params {
    /// Whether `after` can be the same parameters at the end of the call: inputs do not change.
    pub(super) fn goes_on_as(&self, after: &Self) -> bool {
        let pairs = self.words.iter().zip(&after.words).enumerate();
        let mut inputs = pairs.filter(|(n, _)| self.types >> (4 * n) & 0xf == 1);
        self.types == after.types && inputs.all(|(_, (before, after))| before == after)
    }

    /// The parameters with their inputs, and their outputs from `after`.
    pub(super) fn call_params(&self, after: &Self) -> [CallParam; 4] {
        let mut params = [CallParam::default(); 4];
        for (n, to) in params.iter_mut().enumerate() {
            let (before, after) = (self.words[n], after.words[n]);
            *to = match self.types >> (4 * n) & 0xf {
                0 => CallParam::default(),
                1..=3 => CallParam { input: value(before), size: 0, output: value(after) },
                _ => CallParam { input: 0, size: before.1, output: after.1 },
            };
        }
        params
    }
}

/// A value parameter as one word: clients of the normal world have 32 bits for each half.
fn value((a, b): (u64, u64)) -> u64 {
    let low = |word| teeleak_proto::client::head::halves(word).0;
    word(low(a), low(b))
}

#[cfg(test)]
mod tests {
    use crate::parse::ftrace::fields::*;

    #[test]
    fn numbers_and_names_are_read() {
        let fields = Fields("rc=-22 session=7 x=0xff comm=\"a session=9\"");
        assert_eq!((fields.code("rc"), fields.word("session")), (Some(-22), Some(7)));
        assert_eq!((fields.word("x"), fields.word("rc")), (Some(255), None));
        assert_eq!(fields.comm(), Some("a session=9"));
        // A name with a line feed in it.
        assert_eq!(Fields("session=7 comm=\"a").comm(), Some("a"));
    }

    #[test]
    fn parameters_go_in_and_out() {
        let fields =
            Fields("p0={0x1,0x5,0x6} p1={0x7,0x1000,0x40} p2={0x100,0x1,0x2} p3={0x0,0x0,0x0}");
        let before = fields.params(4).unwrap();
        assert_eq!(before.types, 0x0071);
        let after = Fields("p0={0x1,0x5,0x6} p1={0x7,0x1000,0x10}").params(2).unwrap();
        let params = before.call_params(&after);
        assert_eq!(params[0].input, 0x6_0000_0005);
        assert_eq!((params[1].size, params[1].output), (0x40, 0x10));
        assert_eq!(fields.params(0), Some(Params::default()));
    }

    #[test]
    fn what_cannot_be_parameters_is_none() {
        for text in
            ["p0=(fault)", "p0={0x4,0x0,0x0}", "p0={0xffff8000,0x0,0x0}", "p0={0x1,0x0}", ""]
        {
            assert_eq!(Fields(text).params(1), None, "{text}");
        }
    }
}
