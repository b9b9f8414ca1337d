//! What the fuzz targets share: the input's first bytes choose how its rest is cut.

/// An input: some bytes that steer, and the stream.
pub struct Input<'a> {
    /// Steering bytes.
    pub steer: [u8; 4],
    /// The stream.
    pub stream: &'a [u8],
}

/// Parts an input; `None` when it is too short to steer.
pub fn input(bytes: &[u8]) -> Option<Input<'_>> {
    let (steer, stream) = bytes.split_first_chunk::<4>()?;
    Some(Input { steer: *steer, stream })
}

/// Cuts a stream into pieces of lengths that follow from `seed`; 255 leaves it whole.
pub fn cut(stream: &[u8], seed: u8) -> Vec<&[u8]> {
    let (mut rest, mut state, mut pieces) = (stream, u32::from(seed) | 1 << 8, Vec::new());
    if seed == 255 {
        return vec![stream];
    }
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let most = if seed < 64 { 1 } else { 1 + u32::from(seed) };
        let length = 1 + ((state >> 16) % most) as usize;
        let (now, later) = rest.split_at(length.min(rest.len()));
        pieces.push(now);
        rest = later;
    }
    pieces
}
