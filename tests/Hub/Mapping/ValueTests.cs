using System.Runtime.CompilerServices;
using System.Text;
using IntegrationHub.Mapping;

namespace IntegrationHub.Tests.Mapping;

public sealed class ValueTests
{
    private static readonly byte[] Bytes = Encoding.UTF8.GetBytes("0123456789");

    [Fact]
    public void Value_fits_into_two_registers() => Assert.Equal(16, Unsafe.SizeOf<Value>());

    [Fact]
    public void Slice_keeps_what_is_known_of_the_text()
    {
        var slice = Value.PlainText(Bytes, 2, 6).Demoted().Slice(1, 3);

        Assert.Equal("345", slice.ToString());
        Assert.Equal((ValueKind.Text, true, true), (slice.Kind, slice.IsDemoted, slice.IsPlain));
        Assert.Equal((ValueKind.Number, "345"), (slice.AsNumber().Kind, slice.AsNumber().ToString()));
        Assert.True(slice.AsNumber().AsText().IsDemoted);
    }

    [Fact]
    public void Range_beyond_what_a_value_can_say_is_refused()
    {
        Assert.Equal(Value.MaxBytes, Value.Node(Value.MaxBytes, 0).NodeIndex);
        Assert.Throws<ArgumentOutOfRangeException>(() => Value.Text(Bytes, Value.MaxBytes + 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Value.Text(Bytes, 0, -1));
    }
}
