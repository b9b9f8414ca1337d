//! Reads JSON into borrowed forms in one pass: text that needs no unescaping stays in the body.
//! Field names no form knows are kept by name, so that they can be dropped by a named rule.
//! Of two fields with one name the last counts; `null` is a field that is absent.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// A string of the body: borrowed unless it was written with escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

/// What most dialects let stand for a list: one text, or the list.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a, T> {
    /// One text.
    Text(Text<'a>),
    /// A list; one object alone is a list of one.
    Parts(Vec<T>),
}

impl<T> Default for Content<'_, T> {
    fn default() -> Self {
        Self::Parts(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Content<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor(PhantomData))
    }
}

struct ContentVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ContentVisitor<T> {
    type Value = Content<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let one = T::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        Ok(Content::Parts(vec![one]))
    }
}

/// A whole number that is not negative. `1024.0` counts, as it does for most servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u64);

/// Largest number every JSON reader holds exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl Visitor<'_> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number that is not negative")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<Count, E> {
                Ok(Count(count))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Count, E> {
                if (0.0..=EXACT_MAX).contains(&value) && value.fract() == 0.0 {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "whole and in range, as just seen"
                    )]
                    return Ok(Count(value as u64));
                }
                Err(E::custom("expected a whole number that is not negative"))
            }
        }
        deserializer.deserialize_any(CountVisitor)
    }
}

/// A struct of optional fields, read from a JSON object in one pass. Each field names its key and,
/// after `|`, further spellings. Keys nobody named are kept in `unknown`.
macro_rules! object {
    ($(#[$meta:meta])* $vis:vis struct $name:ident<$life:lifetime> {
        $($(#[$field_meta:meta])* $field:ident: $type:ty = $key:literal $(| $other:literal)*,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $name<$life> {
            $($(#[$field_meta])* $vis $field: Option<$type>,)*
            /// Keys no field has.
            $vis unknown: Vec<$crate::hub::reading::Text<$life>>,
        }

        impl<$life> serde::Deserialize<$life> for $name<$life> {
            fn deserialize<D: serde::Deserializer<$life>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<$life> serde::de::Visitor<$life> for Fields {
                    type Value = $name<$life>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<$life>>(
                        self, mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut read = $name::default();
                        while let Some(key) = map.next_key::<$crate::hub::reading::Text<$life>>()? {
                            match &*key {
                                $($key $(| $other)* => read.$field = map.next_value()?,)*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                    read.unknown.push(key);
                                }
                            }
                        }
                        Ok(read)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    object! {
        /// One thing.
        struct Thing<'a> {
            name: Text<'a> = "name" | "Name",
            count: Count = "count",
            inner: Content<'a, Thing<'a>> = "inner",
            raw: &'a RawValue = "raw",
        }
    }

    #[test]
    fn an_object_is_read_in_any_order_with_nulls_twins_and_strangers() {
        let text = r#"{"raw":{ "a":[1] },"Name":"a\n","name":"plain","count":2.0,"who":{"x":[]},
            "inner":{"name":null,"inner":"text"}}"#;
        let thing: Thing<'_> = serde_json::from_str(text).expect("it reads");
        assert!(matches!(&thing.name, Some(Text(Cow::Borrowed("plain")))));
        assert_eq!(thing.count, Some(Count(2)));
        assert_eq!(thing.raw.map(RawValue::get), Some("{ \"a\":[1] }"));
        assert_eq!(thing.unknown, [Text("who".into())]);
        let Some(Content::Parts(parts)) = thing.inner else { panic!("a list of one") };
        assert!(parts[0].name.is_none());
        assert!(matches!(&parts[0].inner, Some(Content::Text(text)) if &**text == "text"));
    }

    #[test]
    fn a_count_is_whole_and_not_negative() {
        for wrong in ["-1", "1.5", "\"1\"", "1e300", "[]"] {
            assert!(serde_json::from_str::<Count>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(serde_json::from_str::<Count>("1e3").ok(), Some(Count(1000)));
    }
}
