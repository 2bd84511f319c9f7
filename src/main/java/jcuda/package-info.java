/** The one class of JCuda that this project replaces; everything else of this name is JCuda's. */
package jcuda;
