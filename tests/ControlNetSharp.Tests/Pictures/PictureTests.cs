using ControlNetSharp.Pictures;
using Xunit;

namespace ControlNetSharp.Tests.Pictures;

public class PictureTests
{
    [Fact]
    public void Picture_OfABufferThatIsChangedLater_StaysAsItWas()
    {
        byte[] buffer = [1, 2, 3, 4, 5, 6];
        var picture = new Picture(2, 1, buffer);
        buffer[0] = 99;
        Assert.Equal([1, 2, 3, 4, 5, 6], picture.Bytes());
    }

    [Theory]
    [InlineData(0, 2, 0)]
    [InlineData(2, 0, 0)]
    [InlineData(2, 2, 11)]
    [InlineData(2, 2, 16)]
    public void Picture_OfAnotherNumberOfBytes_IsRefused(int width, int height, int bytes)
    {
        Assert.ThrowsAny<ArgumentException>(() => new Picture(width, height, new byte[bytes]));
        Assert.ThrowsAny<ArgumentException>(() => Picture.Owning(width, height, new byte[bytes]));
    }
}
