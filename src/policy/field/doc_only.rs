//! What only the schema and the reference page need: the module for Envoy carries none of it.

/// A value that the commands have and the module has not, so that texts cost it no bytes.
#[derive(Debug, Clone, Copy)]
pub struct DocOnly<T> {
    #[cfg(feature = "companion")]
    value: T,
    #[cfg(not(feature = "companion"))]
    value: core::marker::PhantomData<T>,
}

impl<T: Copy> DocOnly<T> {
    /// Keeps the value where there are commands.
    #[must_use]
    pub const fn new(value: T) -> Self {
        #[cfg(feature = "companion")]
        {
            Self { value }
        }
        #[cfg(not(feature = "companion"))]
        {
            let _ = value;
            Self { value: core::marker::PhantomData }
        }
    }

    /// The value; `None` in a build without commands.
    #[must_use]
    pub const fn get(&self) -> Option<T> {
        #[cfg(feature = "companion")]
        {
            Some(self.value)
        }
        #[cfg(not(feature = "companion"))]
        {
            None
        }
    }
}
